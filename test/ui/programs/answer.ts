// Says its process id, and with each line it is given also the sizes that its terminal was given; ends at `end <code>`.
import { createInterface } from 'node:readline';

const sizes: string[] = [];
process.stdout.on('resize', () => {
  sizes.push(`${process.stdout.columns}x${process.stdout.rows}`);
});
console.log(`process ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const code = /^end (\d+)$/.exec(line)?.[1];
  if (code !== undefined) process.exit(Number(code));
  console.log(`process ${process.pid}, resized to [${sizes}], heard ${line}`);
}
