import assert from 'node:assert/strict';
import { signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { isRunningProcess, processEnd, program, type Scene, useScene } from './support/scene.ts';
import { TestTerminal } from './support/terminal.ts';

const lines = 20_000;

describeOnUnix('when the helper is killed during output', () => {
  const scene = useScene();

  it('the terminal misses no byte, and the next helper adopts the same process', async () => {
    const client = await scene().client();
    const session = await scene().start(client, program('numberedLines', String(lines)));
    const terminal = await TestTerminal.open(scene(), session);
    await terminal.sees('line 0000100');
    const killed = await killHelper(scene());
    const adopted = (await client.list()).records.find(({ id }) => id === session.id);
    await terminal.sees('all printed');
    assert.deepEqual(
      { lines: numbers(terminal.text), ptyPid: adopted?.ptyPid, isNew: (await scene().helperPid()) !== killed },
      { lines: `1…${lines}`, ptyPid: session.record.ptyPid, isNew: true },
    );
  });

  it('a stop that is asked while no helper runs is carried out by the next one', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    await killHelper(scene());
    const { status, exit } = await client.stop(session.id, 5_000);
    assert.deepEqual({ status, exit }, { status: 'cancelled', exit: { code: null, signal: 1, reason: 'stop' } });
  });

  it('a host that cannot answer at that moment is adopted once it can', async () => {
    const client = await scene().client();
    const session = await scene().start(client, ['cat']);
    const { pid } = await (await scene().connectHost(session)).status();
    signal(pid, 'SIGSTOP');
    const before = (await client.status()).hosts;
    await killHelper(scene());
    const during = (await client.status()).hosts;
    signal(pid, 'SIGCONT');
    const { status } = await client.stop(session.id, 5_000);
    assert.deepEqual({ before, during, status }, { before: 2, during: 1, status: 'cancelled' });
  });
});

async function killHelper(scene: Scene): Promise<number> {
  const pid = await scene.helperPid();
  assert.ok(await isRunningProcess(pid));
  signal(pid, 'SIGKILL');
  await processEnd(pid);
  return pid;
}

/** `1…n` where the numbered lines are complete and in order, else where they are not. */
function numbers(text: string): string {
  const found = [...text.matchAll(/line (\d{7})\r\n/g)].map(([, number]) => Number(number));
  const wrong = found.findIndex((number, index) => number !== index + 1);
  return wrong < 0 ? `1…${found.length}` : `${found[wrong]} follows ${found[wrong - 1]}`;
}
