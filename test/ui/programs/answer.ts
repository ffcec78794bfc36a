// Says its process id, and with each line it is given also how often its terminal was resized; ends at `end <code>`.
import { createInterface } from 'node:readline';

let resizes = 0;
process.stdout.on('resize', () => {
  resizes += 1;
});
console.log(`process ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const code = /^end (\d+)$/.exec(line)?.[1];
  if (code !== undefined) process.exit(Number(code));
  console.log(`process ${process.pid}, resized ${resizes} times, heard ${line}`);
}
