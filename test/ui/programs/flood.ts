// Floods its terminal with lines while it shows, as `cat -v` does, whatever it is given to read; ends both at a `q`.
const [lines = '50000'] = process.argv.slice(2);
process.stdin.setRawMode(true);
let given = '';
process.stdin.on('data', (data: Buffer) => {
  given += data.toString('latin1');
  if (!given.endsWith('q')) return;
  process.stdout.write(`given ${JSON.stringify(given)}\r\n`);
  process.exit(0);
});
let next = 1;
const flood = () => {
  const end = Math.min(next + 500, Number(lines) + 1);
  let text = '';
  for (; next < end; next += 1) text += `flood ${next} \x1b[3${next % 8}mcoloured\x1b[m ${'='.repeat(next % 60)}\r\n`;
  process.stdout.write(text, () => (next > Number(lines) ? process.stdout.write('flooded\r\n') : setImmediate(flood)));
};
flood();
