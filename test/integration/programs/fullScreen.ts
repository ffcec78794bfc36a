// Paints a full screen, and again whenever it is told of a new size; a wrong paint would show another number.
let paints = 0;
const paint = () => {
  const { rows, columns } = process.stdout;
  process.stdout.write(`\x1b[2J\x1b[Hpaint ${++paints} at ${columns}x${rows} end`);
};
process.stdin.setRawMode(true);
process.stdin.resume();
process.stdout.on('resize', paint);
process.stdout.write('\x1b[?1049h');
paint();
