// Sets the clock of the program that loads it forward by as many milliseconds as a file says, at every look at it.
import { readFileSync } from 'node:fs';

const file = process.env.HOLDFAST_TEST_CLOCK ?? '';
const systemDate = Date;

globalThis.Date = new Proxy(systemDate, {
  construct: (date, args) => (args.length === 0 ? new date(now()) : Reflect.construct(date, args)),
  get: (date, name) => (name === 'now' ? now : Reflect.get(date, name)),
});

function now(): number {
  return systemDate.now() + Number(readFileSync(file, 'utf8'));
}
