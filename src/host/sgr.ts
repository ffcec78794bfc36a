import {
  type Attributes,
  backgroundFlag,
  colorBits,
  type ExtendedAttributes,
  foregroundFlag,
} from './terminalInternals.ts';

const foregroundParameters: [flag: number, parameter: number][] = [
  [foregroundFlag.bold, 1],
  [foregroundFlag.blink, 5],
  [foregroundFlag.inverse, 7],
  [foregroundFlag.invisible, 8],
  [foregroundFlag.strikethrough, 9],
];

const backgroundParameters: [flag: number, parameter: number][] = [
  [backgroundFlag.dim, 2],
  [backgroundFlag.italic, 3],
  [backgroundFlag.overline, 53],
];

/** The kinds of colours, in bits 24 and 25. */
const palette16 = 1;
const palette256 = 2;

/** The control sequence that makes what is printed next look like this, whatever was set before. */
export function sgr({ fg, bg, extended }: Attributes): string {
  let text = '\x1b[';
  for (const [flag, parameter] of foregroundParameters) if (fg & flag) text += `;${parameter}`;
  for (const [flag, parameter] of backgroundParameters) if (bg & flag) text += `;${parameter}`;
  if (fg & foregroundFlag.underline || bg & backgroundFlag.hasExtended) text += underline(fg, bg, extended);
  text += color(fg, 30, 90) + color(bg, 40, 100);
  return `${text}m`;
}

/** The sub-parameters of a colon are those of underlines alone: not every terminal knows them for colours. */
function underline(fg: number, bg: number, { _ext }: ExtendedAttributes): string {
  if (!(bg & backgroundFlag.hasExtended)) return ';4';
  const style = (_ext >> 26) & 7;
  const text = style > 1 ? `;4:${style}` : style === 1 || fg & foregroundFlag.underline ? ';4' : '';
  const kind = (_ext >> 24) & 3;
  if (kind === 0) return text;
  return kind === 3 ? `${text};58:2::${rgb(_ext, ':')}` : `${text};58:5:${_ext & 255}`;
}

function color(bits: number, base: number, bright: number): string {
  const kind = (bits & colorBits) >> 24;
  const index = bits & 255;
  if (kind === 0) return '';
  if (kind === palette16) return `;${index < 8 ? base + index : bright - 8 + index}`;
  return kind === palette256 ? `;${base + 8};5;${index}` : `;${base + 8};2;${rgb(bits, ';')}`;
}

function rgb(bits: number, separator: string): string {
  return [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255].join(separator);
}
