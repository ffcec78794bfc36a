import type { Terminal } from '@xterm/headless';

export type Theme = 'dark' | 'light';

/** Foreground, background and cursor as `rgb:` triples, close to VS Code's own dark and light themes. */
const colours: Record<Theme, readonly [string, string, string]> = {
  dark: ['rgb:cccc/cccc/cccc', 'rgb:1f1f/1f1f/1f1f', 'rgb:cccc/cccc/cccc'],
  light: ['rgb:3b3b/3b3b/3b3b', 'rgb:ffff/ffff/ffff', 'rgb:3b3b/3b3b/3b3b'],
};

/** The first 16 colours of the palette, as VS Code's dark theme has them. */
const palette =
  '000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db e5e5e5'.split(
    ' ',
  );

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
  terminal.parser.registerOscHandler(4, (data) => {
    for (const [, number] of data.matchAll(/(?:^|;)(\d+);\?/g)) {
      const colour = paletteColour(Number(number));
      if (colour) reply(`\x1b]4;${number};${colour}\x1b\\`);
    }
    return false;
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

/** An entry of the 256-colour palette as an `rgb:` triple: 16 named ones, a 6×6×6 cube, 24 greys. */
function paletteColour(number: number): string | undefined {
  if (number > 255) return undefined;
  const channels = number < 16 ? (palette[number]?.match(/../g) ?? []) : computedColour(number).map(toHex);
  return `rgb:${channels.map((channel) => channel + channel).join('/')}`;
}

function computedColour(number: number): number[] {
  if (number >= 232) return Array<number>(3).fill(8 + (number - 232) * 10);
  const index = number - 16;
  return [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map((step) => (step ? 55 + step * 40 : 0));
}

function toHex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
