import type { Terminal } from '@xterm/headless';

export type Theme = 'dark' | 'light';

/** Foreground, background and cursor as `rgb:` triples, close to VS Code's own dark and light themes. */
const colours: Record<Theme, readonly [string, string, string]> = {
  dark: ['rgb:cccc/cccc/cccc', 'rgb:1f1f/1f1f/1f1f', 'rgb:cccc/cccc/cccc'],
  light: ['rgb:3b3b/3b3b/3b3b', 'rgb:ffff/ffff/ffff', 'rgb:3b3b/3b3b/3b3b'],
};

/** OSC numbers of the questions about those three. */
const colourQueries = [10, 11, 12] as const;

/**
 * Makes the headless terminal answer what a screenless one leaves open: colours, its name, and the program
 * status protocol (OSC 7501). All answers leave through `terminal.onData`, as the terminal's own do.
 */
export function answerQueries(terminal: Terminal, theme: () => Theme): void {
  const reply = (text: string) => terminal.input(text, false);
  colourQueries.forEach((number, index) => {
    terminal.parser.registerOscHandler(number, (data) => {
      if (data === '?') reply(`\x1b]${number};${colours[theme()][index]}\x1b\\`);
      return data === '?';
    });
  });
  terminal.parser.registerCsiHandler({ prefix: '>', final: 'q' }, () => {
    reply('\x1bP>|Holdfast\x1b\\');
    return true;
  });
  terminal.parser.registerOscHandler(7501, (data) => {
    if (/^\s*\?/.test(data)) reply('\x1b]7501;?\x1b\\');
    return true;
  });
}
