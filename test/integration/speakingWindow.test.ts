import type { HelperClient } from '../../src/client/helperClient.ts';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { processEnd, useScene } from './support/scene.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 7, 12, minute));

describeOnUnix('of several windows', () => {
  const scene = useScene();

  /** Windows to which the user came in these minutes; undefined for one that nobody has come to yet. */
  const open = async (...minutes: (number | undefined)[]): Promise<HelperClient[]> => {
    const windows: HelperClient[] = [];
    for (const minute of minutes) {
      const window = await scene().client();
      window.noteUse(minute === undefined ? undefined : at(minute));
      windows.push(window);
    }
    return windows;
  };
  const until = (windows: HelperClient[], expected: boolean[]) =>
    waitFor(
      () => windows.map(({ speaks }) => speaks),
      (seen) => seen.join() === expected.join(),
      { what: `${expected.join()} of the windows` },
    );

  it('the one that was used last tells what happens, whichever came last', async () => {
    const windows = await open(2, 1, undefined);
    await until(windows, [true, false, false]);
    windows[2]?.noteUse(at(3));
    await until(windows, [false, false, true]);
    for (const window of windows) window.dispose();
  });

  it('the next one does once that is closed', async () => {
    const [last, ...others] = await open(3, 1, 2);
    await until(others, [false, false]);
    last?.dispose();
    await until(others, [false, true]);
    for (const window of others) window.dispose();
  });

  it('the same one does after the helper was killed, whichever comes back first', async () => {
    const windows = await open(1, 2);
    await until(windows, [false, true]);
    const helper = await scene().helperPid();
    signal(helper, 'SIGKILL');
    await processEnd(helper);
    for (const window of windows) await window.status();
    windows.push(...(await open(undefined)));
    await until(windows, [false, true, false]);
    for (const window of windows) window.dispose();
  });
});
