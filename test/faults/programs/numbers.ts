// Notes its start in a file, then prints numbered lines, ten at a time or as fast as it can, and obeys lines of input.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [trace = '', pause = '0', most = '0'] = process.argv.slice(2);
appendFileSync(trace, `${process.pid}\n`);
const last = Number(most) || Number.POSITIVE_INFINITY;
const atOnce = Number(pause) > 0 ? 10 : 500;
let number = 0;
let isHushed = false;

// As it is typed, without an echo that would come between the numbers.
process.stdin.setRawMode(true);
print();
createInterface({ input: process.stdin }).on('line', obey);

function print(): void {
  if (isHushed) return;
  const lines: string[] = [];
  while (lines.length < atOnce && number < last) lines.push(`line ${String(++number).padStart(7, '0')}\n`);
  process.stdout.write(lines.join(''));
  if (number === last) process.stdout.write('all printed\n');
  else if (Number(pause) > 0) setTimeout(print, Number(pause));
  else setImmediate(print);
}

function obey(line: string): void {
  if (line === 'hush') {
    isHushed = true;
    process.stdout.write(`hushed after ${number}\n`);
  } else if (line === 'end') {
    process.exit(0);
  } else {
    process.stdout.write(`heard ${line}\n`);
  }
}
