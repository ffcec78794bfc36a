/** What a program sends to a terminal, taken apart. */
export type TerminalToken =
  | { kind: 'text'; text: string }
  /** A control character such as line feed. */
  | { kind: 'control'; code: string }
  /** A control sequence: its parameters as sent, with a leading `?` or `>` where there is one. */
  | { kind: 'sequence'; params: string; final: string }
  /** Anything else that shows nothing by itself. */
  | { kind: 'other' };

const tokens = new RegExp(
  [
    String.raw`(?<text>[^\x00-\x1f\x7f]+)`,
    String.raw`\x1b\[(?<params>[0-?]*)[ -/]*(?<final>[@-~])`,
    // Titles, links and other strings; an unended one is no reason to swallow what follows for ever.
    String.raw`\x1b[\]PX^_][^\x07\x1b\x18\x1a]*(?:\x07|\x1b\\|[\x18\x1a])`,
    String.raw`\x1b[ -/]*[0-Z\\\x60-~]`,
    String.raw`(?<control>[\x00-\x1f\x7f])`,
  ].join('|'),
  'gy',
);

/** The beginning of a sequence at the end of a chunk. */
const unfinished = /\x1b(?:[ -/]*|\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x18\x1a]*\x1b?)$/;

/** A sequence longer than this is taken for text; UTF-16 units. */
const maxUnfinished = 64 * 1024;

/** Takes terminal output apart, however it is cut into chunks. */
export class TerminalTokenizer {
  #rest = '';

  *push(chunk: string): Generator<TerminalToken> {
    const data = this.#rest + chunk;
    const cut = data.match(unfinished)?.index ?? data.length;
    const end = data.length - cut > maxUnfinished ? data.length : cut;
    this.#rest = data.slice(end);
    for (const { groups = {} } of data.slice(0, end).matchAll(tokens)) yield toToken(groups);
  }
}

function toToken({ text, params, final, control }: Record<string, string | undefined>): TerminalToken {
  if (text !== undefined) return { kind: 'text', text };
  if (final !== undefined) return { kind: 'sequence', params: params ?? '', final };
  return control === undefined ? { kind: 'other' } : { kind: 'control', code: control };
}
