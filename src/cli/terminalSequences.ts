/** Saves and restores the cursor around what would move it. */
function keepingCursor(sequence: string): string {
  return `\x1b7${sequence}\x1b8`;
}

function modesOff(modes: readonly number[]): string {
  return modes.map((mode) => `\x1b[?${mode}l`).join('');
}

/** Mouse reports in all their forms. */
const mouseModes = [9, 1000, 1002, 1003, 1005, 1006, 1015, 1016];

/** Cursor keys, focus reports, bracketed paste, colour scheme reports. */
const otherModes = [1, 1004, 2004, 2031];

/** Between these a terminal shows nothing of what changes. */
const beginUpdate = '\x1b[?2026h';
const endUpdate = '\x1b[?2026l';

const resetModes = [
  // Leaving the alternate screen restores the cursor that was last saved, also where the screen was not in use.
  '\x1b7\x1b[?1049l',
  // Without the keyboard protocol of the program, which is one level above that of whoever started us.
  keepingCursor('\x1b[<u'),
  // A soft reset; terminals that know it need little of what follows.
  '\x1b[!p',
  // Setting the scroll region moves the cursor.
  keepingCursor('\x1b[r'),
  modesOff([...mouseModes, ...otherModes]),
  '\x1b[?7h\x1b[?25h', // wrapping, visible cursor
  '\x1b[4l\x1b>\x1b[>4m', // no insert mode, keypad and keyboard as usual
  '\x1b[0 q', // cursor shape
  '\x1b]8;;\x1b\\', // no link
  '\x1b(B\x0f\x1b[m', // character set, colours
].join('');

/**
 * Puts the user's terminal back into the state in which a shell expects it, whatever program ran in it. The
 * cursor stays where the program left it on the main screen.
 *
 * @see https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
export const restoreTerminal = endUpdate + resetModes;

/** Moves what is on the screen into the scrollback and leaves the screen empty. */
export function scrollAway(rows: number): string {
  return `\r${'\n'.repeat(rows)}\x1b[H\x1b[J`;
}

/** Draws a screen in place of what is shown, at one go where the terminal can. */
export function replaceScreen(text: string): string {
  return `${beginUpdate}${resetModes}\x1b[H\x1b[J${text}${endUpdate}`;
}

/** Goes to an empty line below the cursor, with nothing under it. */
export const newLine = '\r\n\x1b[J';
