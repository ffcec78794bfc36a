import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { seededRandom } from './stats.ts';

const words =
  'building checking src/host/screen.ts 200 ok warning: retry — fertig ✓ 日本 lorem ipsum (42 tests) λ'.split(' ');

/** Text of about this size is generated, then repeated until the file is large enough; bytes. */
const patternSize = 4 * 1024 * 1024;

/** Lines of up to 78 columns: words, most of them in one of the ways in which programs colour them. */
export function* sampleLines(seed = 7): Generator<string> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const colours = [
    () => `\x1b[${30 + Math.floor(random() * 8)}m`,
    () => `\x1b[1;${90 + Math.floor(random() * 8)}m`,
    () => `\x1b[38;5;${Math.floor(random() * 256)}m`,
    () => `\x1b[48;2;${Math.floor(random() * 256)};40;${Math.floor(random() * 256)}m`,
    () => '\x1b[4m',
  ];
  for (;;) {
    const length = 10 + Math.floor(random() * 55);
    let line = '';
    for (let columns = 0; columns < length; ) {
      const word = pick(words);
      columns += word.length + 2;
      line += random() < 0.6 ? `${pick(colours)()}${word}\x1b[0m ` : `${word} `;
    }
    yield line;
  }
}

/** Writes at least `size` bytes of sample lines; returns how many. */
export async function writeSampleFile(file: string, size: number): Promise<number> {
  const pattern = samplePattern(Math.min(size, patternSize));
  const stream = createWriteStream(file);
  let written = 0;
  for (; written < size; written += pattern.length) {
    if (!stream.write(pattern)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  return written;
}

function samplePattern(size: number): Buffer {
  let text = '';
  for (const line of sampleLines()) {
    text += `${line}\n`;
    if (text.length >= size) break;
  }
  return Buffer.from(text);
}
