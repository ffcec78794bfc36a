// Passes a point again and again, and says so each time.
import { pausePoint } from '../../../../src/node/pausePoint.ts';

process.stdin.resume().once('end', () => process.exit());
for (let count = 1; ; count++) {
  await pausePoint('some-point');
  process.stdout.write(`${count}\n`);
  await new Promise((resolve) => process.stdin.once('data', resolve));
}
