const ESC = 0x1b;

/** How much of the last output is looked through for the beginning of a sequence; bytes. */
export const maxUnfinished = 64 * 1024;

/** How many bytes at the end of `output` begin a control sequence; 0 where its beginning is not among them. */
export function unfinishedSequence(output: Buffer): number {
  const start = output.lastIndexOf(ESC);
  return start < 0 ? 0 : output.length - start;
}

/** How many bytes at the end of `output` begin a character of UTF-8. */
export function unfinishedCharacter(output: Buffer): number {
  for (let back = 1; back <= Math.min(3, output.length); back++) {
    if (((output[output.length - back] as number) & 0xc0) !== 0x80) return back;
  }
  return 0;
}
