import { previousTranscript, type SessionPlaces } from '../node/places.ts';
import type { CommandArguments } from './parseCommandLine.ts';
import { RotatedFile } from './rotatedFile.ts';
import { TranscriptParser } from './transcriptEvents.ts';
import { castFormat, jsonFormat, type TranscriptFormat, textFormat } from './transcriptFormats.ts';

/** Lines to print, from a file that may still grow. */
export interface LogSource {
  /** What has come since the last call. */
  read(): AsyncGenerator<string>;
  /** What only the end of the session brings out. */
  end(): string[];
  close(): Promise<void>;
}

/** The log of the session's host as it is. */
export function hostLog({ log }: SessionPlaces): LogSource {
  const file = new RotatedFile(log, `${log}.1`);
  return { read: () => file.read(), end: () => [], close: () => file.close() };
}

/** The transcript in the form that was asked for. */
export function transcriptLog({ transcript }: SessionPlaces, args: CommandArguments): LogSource {
  const file = new RotatedFile(transcript, previousTranscript(transcript));
  const parser = new TranscriptParser();
  const format = chooseFormat(args);
  return {
    async *read() {
      for await (const line of file.read()) {
        const event = parser.parse(line);
        if (event) yield* await format.push(event);
      }
    },
    end: () => format.end(),
    close: () => file.close(),
  };
}

function chooseFormat({ json, raw, follow }: CommandArguments): TranscriptFormat {
  if (json) return jsonFormat();
  return raw ? castFormat() : textFormat({ follow });
}
