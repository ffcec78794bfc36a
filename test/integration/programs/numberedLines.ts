// Prints numbered lines until the number given, then waits for a line of input before it ends.
const last = Number(process.argv[2]);
const pause = Number(process.argv[3] ?? 0);
let number = 0;
function print(): void {
  const lines: string[] = [];
  for (let count = 0; count < 20 && number < last; count++) lines.push(`line ${String(++number).padStart(7, '0')}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (number < last) setTimeout(print, pause);
  else process.stdout.write('all printed\n');
}
print();
process.stdin.once('data', () => process.exit(0));
