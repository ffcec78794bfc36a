import type { Terminal } from '@xterm/headless';
import { internalsOf } from './terminalInternals.ts';

interface Parameters {
  params: number[];
}

/** What repeats itself as often as its parameter says, however often that is. */
const repeating = {
  I: 'cursorForwardTab',
  L: 'insertLines',
  M: 'deleteLines',
  S: 'scrollUp',
  T: 'scrollDown',
  Z: 'cursorBackwardTab',
  b: 'repeatPrecedingCharacter',
} as const;

type Repeat = Record<(typeof repeating)[keyof typeof repeating], (params: Parameters) => boolean>;

/** Keeps the terminal from being stalled for seconds by a sequence that scrolls by millions of lines. */
export function limitRepetition(terminal: Terminal): void {
  const handler = internalsOf(terminal)._inputHandler as unknown as Repeat;
  for (const [final, method] of Object.entries(repeating)) {
    terminal.parser.registerCsiHandler({ final }, ([count]) => {
      const most = terminal.cols * terminal.rows;
      if (typeof count !== 'number' || count <= most) return false;
      return handler[method]({ params: [most] });
    });
  }
}

/**
 * Goes on with the next output where the terminal fails at some, whose rest is then not shown: it would otherwise
 * take in nothing any more.
 */
export function surviveFailures(terminal: Terminal, onFailure: (error: unknown) => void): void {
  const handler = internalsOf(terminal)._inputHandler;
  const parse = handler.parse.bind(handler);
  handler.parse = (data, promiseResult) => {
    try {
      return parse(data, promiseResult);
    } catch (error) {
      handler._parser.reset();
      onFailure(error);
      return undefined;
    }
  };
}
