// Says its process id, and says it again with each line it is given; ends at the line `end <code>`.
import { createInterface } from 'node:readline';

console.log(`process ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const code = /^end (\d+)$/.exec(line)?.[1];
  if (code !== undefined) process.exit(Number(code));
  console.log(`process ${process.pid} heard ${line}`);
}
