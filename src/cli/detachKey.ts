/**
 * Ctrl+\ as terminals send it: the plain control character, xterm's modifyOtherKeys, and the kitty keyboard
 * protocol with any of the lock keys on. Programs such as vim switch the latter two on.
 *
 * @see https://sw.kovidgoyal.net/kitty/keyboard-protocol/
 */
const prefix = /\x1c|\x1b\[27;5;92~|\x1b\[92;(?:5|69|133|197)(?::1)?u/;
const prefixAtStart = new RegExp(`^(?:${prefix.source})`);

/** The prefix being let go of, which the key protocol reports as well. */
const prefixRelease = /^\x1b\[92;[\d]+:3u/;

const detach = /^(?:d|\x1b\[100(?:;[\d:]+)?u)/;

export interface KeyResult {
  /** What goes to the program. */
  input: Buffer;
  /** True once the user has asked to detach; what was typed after that is dropped. */
  isDetach: boolean;
}

/** Finds the keys that detach in what the user types: Ctrl+\ then d. */
export class DetachKey {
  /** The prefix as it was typed, while the key after it is awaited. */
  #pending = '';

  /** Takes what was typed. Ctrl+\ twice gives the program one; any other key after it gives the program both. */
  push(data: Buffer): KeyResult {
    // Latin-1 maps every byte to one character and back.
    let rest = data.toString('latin1');
    let input = '';
    for (;;) {
      if (this.#pending) {
        rest = rest.replace(prefixRelease, '');
        if (!rest) break;
        if (detach.test(rest)) return { input: Buffer.from(input, 'latin1'), isDetach: true };
        input += this.#pending;
        rest = rest.replace(prefixAtStart, '');
      }
      const match = prefix.exec(rest);
      this.#pending = match?.[0] ?? '';
      if (!match) break;
      input += rest.slice(0, match.index);
      rest = rest.slice(match.index + match[0].length);
    }
    return { input: Buffer.from(input + rest, 'latin1'), isDetach: false };
  }
}
