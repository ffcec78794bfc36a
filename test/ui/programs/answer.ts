// Says its process id, and with each line it is given also the sizes that its terminal was given; ends at `end <code>`,
// and leaves a process of its own behind at `leave`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const sizes: string[] = [];
process.stdout.on('resize', () => {
  sizes.push(`${process.stdout.columns}x${process.stdout.rows}`);
});
console.log(`process ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const code = /^end (\d+)$/.exec(line)?.[1];
  if (code !== undefined) process.exit(Number(code));
  if (line === 'leave') leave();
  console.log(`process ${process.pid}, resized to [${sizes}], heard ${line}`);
}

/** As daemons do it: in a session of its own, and no child of anybody here. */
function leave(): void {
  const script = 'sleep 605 > /dev/null 2>&1 & echo "left $!"';
  spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
}
