// Paints once what terminals find hard to keep, leaves its modes set and does not react to a new size.
const csi = (sequence: string) => `\x1b[${sequence}`;
const at = (row: number, text: string) => `${csi(`${row};1H`)}${text}${csi('m')}`;

const colours = [31, 42, 95, '38;5;208', '48;5;24', '38;2;10;200;120', '48;2;90;20;60'];
const styles = [1, 2, 3, 4, 7, 9, 53];

process.stdout.write(
  [
    csi('?1049h'),
    csi('2J'),
    at(1, colours.map((colour) => `${csi(`${colour}m`)}colour${csi('m')} `).join('')),
    at(2, styles.map((style) => `${csi(`${style}m`)}style${csi('m')} `).join('')),
    at(3, '漢字 한글 😀 e\u0301 ｆｕｌｌ'),
    at(4, `${csi('44;97m')} a bar to the edge${csi('K')}`),
    at(5, '\x1b(0lqqqk\x1b(B lines \x1b(0mqqqj\x1b(B'),
    csi('6;9r'),
    csi('9;1H'),
    'scrolled 1\r\nscrolled 2\r\nscrolled 3\r\nscrolled 4\r\nscrolled 5',
    csi('?1h'),
    csi('?25l'),
    csi('?1002h'),
    csi('?1006h'),
    csi('?2004h'),
    csi('8;12H'),
  ].join(''),
);
process.stdin.setRawMode(true);
process.stdin.resume();
