// Prints the terminal's size at the start and at each change.
const print = () => process.stdout.write(`size ${process.stdout.columns}x${process.stdout.rows}\r\n`);
process.stdout.on('resize', print);
process.stdin.resume();
print();
