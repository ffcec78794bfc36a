import * as v from 'valibot';
import type { TerminalSize } from '../protocol/hostMessages.ts';

/** One thing that a transcript tells. `begin`: a session host has started. `at`: milliseconds since the epoch. */
export type TranscriptEvent = { at: number } & (
  | { type: 'begin'; size: TerminalSize }
  | { type: 'output'; text: string }
  | { type: 'resize'; size: TerminalSize }
  /** A remark of the recorder, such as a gap. */
  | { type: 'mark'; text: string }
);

const headerSchema = v.object({ version: v.literal(2), width: v.number(), height: v.number(), timestamp: v.number() });
const eventSchema = v.tuple([v.number(), v.picklist(['o', 'r', 'm']), v.string()]);

/**
 * Makes events of the lines of asciicast v2 files read one after the other; each file begins with its header.
 * A line that is damaged, as by a power cut, is left out.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export class TranscriptParser {
  #startedAt = 0;

  parse(line: string): TranscriptEvent | undefined {
    const content = parseJson(line);
    const event = v.safeParse(eventSchema, content);
    if (event.success) return this.#event(event.output);
    const header = v.safeParse(headerSchema, content);
    return header.success ? this.#begin(header.output) : undefined;
  }

  #begin({ width, height, timestamp }: v.InferOutput<typeof headerSchema>): TranscriptEvent {
    const at = timestamp * 1000;
    // All files of one host count from its start, so the same start means that a full file is gone on with.
    const type = at === this.#startedAt ? 'resize' : 'begin';
    this.#startedAt = at;
    return { at, type, size: { cols: width, rows: height } };
  }

  #event([seconds, code, data]: v.InferOutput<typeof eventSchema>): TranscriptEvent | undefined {
    const at = this.#startedAt + Math.round(seconds * 1000);
    if (code === 'o') return { at, type: 'output', text: data };
    if (code === 'm') return { at, type: 'mark', text: data };
    const [, cols, rows] = data.match(/^(\d+)x(\d+)$/) ?? [];
    return cols && rows ? { at, type: 'resize', size: { cols: Number(cols), rows: Number(rows) } } : undefined;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
