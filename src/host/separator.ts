const dim = '\x1b[2m';
const plain = '\x1b[22m';
const edge = '──';

/** A sentence as one line: what would move the cursor, or change how letters are shown, is taken out. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** `── text ──`, dim, cut to `cols` columns with each letter counted as one. */
export function separatorLine(text: string, cols: number): string {
  const room = cols - 2 * (edge.length + 1);
  if (room < 1) return `${dim}${'─'.repeat(cols)}${plain}`;
  const letters = [...text];
  const shown = letters.length <= room ? text : `${letters.slice(0, room - 1).join('')}…`;
  return `${dim}${edge} ${shown} ${edge}${plain}`;
}
