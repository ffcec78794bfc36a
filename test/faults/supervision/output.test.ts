import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { processUse } from '../../support/processUse.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { useEnvironment } from '../support/environment.ts';
import { rounds } from '../support/extent.ts';
import { recordedOutput } from '../support/outputLosses.ts';
import { RawClient } from '../support/rawClient.ts';
import { itLosesNothing, itLosesNothingOnLinux, type Stage } from '../support/stage.ts';

const megabyte = 1024 * 1024;

/** Numbers worth 50 MB, each on a line of its own. */
const burst = 6_300_000;

/** What garbage collection may leave for a while; bytes. */
const maxGrowth = 24 * megabyte;

/** How many of the last bytes of a burst are compared. */
const tail = 256 * 1024;

describeOnUnix('bursts of 50 MB and an exit right behind each', () => {
  const times = rounds(1, 100);
  itLosesNothing(`end with the same bytes everywhere (${times} × 50 MB)`, async (stage) => {
    await stage.numbers({ pause: 100 });
    for (let round = 0; round < times; round++) await burstOnce(stage);
  }).timeout(times * 60_000);
});

describeOnUnix('a client that has attached and never reads', () => {
  const amount = rounds(30, 1_000) * megabyte;
  itLosesNothingOnLinux(
    `neither holds up the program nor makes the host grow (${amount / megabyte} MB)`,
    async (stage) => {
      const session = await stage.numbers({ pause: 100 });
      const flooding = await stage.start(['sh', '-c', 'read go; yes 0123456789abcdef']);
      const deaf = await RawClient.connect(flooding.places.socket);
      await deaf.helloToHost(stage.scene.token);
      await deaf.attachToHost();
      deaf.stopReading();
      const host = await stage.scene.connectHost(flooding);
      host.input(Buffer.from('\n'));
      const pid = await stage.hostPid(flooding);
      const printed = (bytes: number) =>
        waitFor(
          () => host.status().then(({ seq }) => seq),
          (seq) => seq > bytes,
          { timeout: 5 * 60_000, what: `${bytes} bytes` },
        );
      await printed(15 * megabyte);
      const before = await processUse(pid);
      await printed(15 * megabyte + amount);
      const grown = (await processUse(pid)).memory - before.memory;
      deaf.dispose();
      stage.ledger.note(await stage.client.stop(flooding.id, 0));
      await session.printsOn(1);
      assert.ok(grown < maxGrowth, `grew by ${(grown / megabyte).toFixed(1)} MB`);
    },
  ).timeout(10 * 60_000);
});

describeOnUnix('a paste of 10 MB at a program that has stopped reading', () => {
  useEnvironment({ HOLDFAST_LOOK_MS: '1000' });

  itLosesNothingOnLinux('waits without turning in circles, and is told of as stuck', async (stage) => {
    const session = await stage.numbers();
    const stuck = await stage.start(['sh', '-c', 'stty raw -echo; echo ready; exec sleep 600']);
    await (await TestTerminal.open(stage.scene, stuck)).sees('ready');
    const host = await stage.scene.connectHost(stuck);
    host.input(Buffer.alloc(10 * megabyte, 'x'));
    await waitFor(() => host.inputDelay > 500, Boolean, { what: 'the input to wait' });
    const [pid, started] = [await stage.hostPid(stuck), performance.now()];
    const before = await processUse(pid);
    await session.printsOn(3_000);
    const share = ((await processUse(pid)).cpu - before.cpu) / (performance.now() - started);
    const { status, evidence } = await stage.health(stuck, ({ state }) => state === 'unresponsive');
    assert.ok(share < 0.05, `${(share * 100).toFixed(1)} % of a core`);
    assert.deepEqual(
      [status, evidence[0]?.what, host.inputDelay > 1_000],
      ['active', 'its program does not take what is typed', true],
    );
  });
});

async function burstOnce(stage: Stage): Promise<void> {
  const session = await stage.start(['sh', '-c', `read go; seq 1 ${burst}`]);
  const terminal = await TestTerminal.open(stage.scene, session, { scrollback: 0 });
  const slow = await TestTerminal.open(stage.scene, session, { scrollback: 0, acknowledge: 'never' });
  terminal.type('\n');
  const end = await terminal.end;
  const expected = lastNumbers();
  const recorded = await recordedOutput(session);
  assert.deepEqual(
    [
      end.kind,
      recorded.slice(-tail) === expected,
      terminal.text.endsWith(expected.slice(-1_000)),
      (await slow.end).kind,
      stripVTControlCharacters(slow.screens.at(-1) ?? '').includes(String(burst)),
    ],
    ['exit', true, true, 'exit', true],
  );
}

function lastNumbers(): string {
  const lines: string[] = [];
  for (let number = burst - tail / 8; number <= burst; number++) lines.push(`${number}\r\n`);
  return lines.join('').slice(-tail);
}
