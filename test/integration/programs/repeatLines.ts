// Says what it was given, a line for a line.
import { createInterface } from 'node:readline';

process.stdin.setRawMode(true);
process.stdout.write('ready\n');
createInterface({ input: process.stdin }).on('line', (line) => process.stdout.write(`got ${line}\n`));
