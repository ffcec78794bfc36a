import { delay } from '../../../src/base/async.ts';
import { signal } from '../../support/processes.ts';
import type { Bench } from '../bench.ts';
import type { Program } from '../contenders/contender.ts';
import { type Figure, holdfast } from '../figures.ts';
import { median } from '../stats.ts';

const tick = 5;

/** Time to watch the output before and after; milliseconds. */
const watch = 400;

/** Writes the next whole number every few milliseconds. */
const ticker: Program = {
  file: process.execPath,
  args: ['-e', `let i = 0; setInterval(() => process.stdout.write(i++ + ' '), ${tick})`],
};

interface Loss {
  readonly back: number;
  readonly gap: number;
  readonly usualGap: number;
  readonly missing: number;
}

/** The helper is killed while a session writes: when it answers again, and what the terminal noticed. */
export async function measureHelperLoss(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 3 : 7;
  const arrivals: number[] = [];
  let text = '';
  const session = await bench.holdfast.open(ticker, (data) => {
    arrivals.push(performance.now());
    text += data.toString();
  });
  await delay(watch);
  const losses: Loss[] = [];
  for (let round = 0; round < rounds; round++) {
    losses.push(await loseHelper(bench, arrivals, () => missingNumbers(text)));
  }
  await session.end();
  const of = (field: keyof Loss) => losses.map((loss) => loss[field]);
  return [
    {
      id: 'helper-return',
      title: `Helper killed with kill -9: control plane answers again (${rounds} times)`,
      columns: ['p50 ms', 'max ms'],
      rows: [{ who: holdfast, values: [median(of('back')), Math.max(...of('back'))] }],
    },
    {
      id: 'helper-gap',
      title: `Meanwhile: longest gap in output written every ${tick} ms`,
      columns: ['p50 ms', 'max ms', 'before ms', 'numbers lost'],
      rows: [
        {
          who: holdfast,
          values: [median(of('gap')), Math.max(...of('gap')), median(of('usualGap')), Math.max(...of('missing'))],
        },
      ],
    },
  ];
}

async function loseHelper(bench: Bench, arrivals: number[], missing: () => number): Promise<Loss> {
  const pid = await bench.holdfast.helperPid();
  arrivals.length = 0;
  await delay(watch);
  const usualGap = longestGap(arrivals);
  arrivals.splice(0, arrivals.length - 1);
  const start = performance.now();
  signal(pid, 'SIGKILL');
  await bench.holdfast.helper.list();
  const back = performance.now() - start;
  await delay(watch);
  return { back, gap: longestGap(arrivals), usualGap, missing: missing() };
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

function missingNumbers(text: string): number {
  const numbers = (text.match(/\d+(?= )/g) ?? []).map(Number);
  return numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1).length;
}
