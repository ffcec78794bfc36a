import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { delay } from '../../../src/base/async.ts';
import { helperPid, useProject } from '../../integration/support/project.ts';
import { processEnd } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';

const steps = 6;

describeOnUnix('a setup whose helper is killed again and again', () => {
  const project = useProject();

  it('runs each step once, in their order, and then the command', async () => {
    const log = path.join(await project().newFolder('told'), 'log');
    const setup = Array.from({ length: steps }, (_, step) => `sleep 0.1; echo ${step} >> '${log}'; sleep 0.1`);
    const window = await project().open({ settings: { worktree: { setup }, variables: {} } });
    await window.create({ name: 'login', command: `echo ready >> '${log}'; exec cat` });
    const said = () => readFile(log, 'utf8').catch(() => '');
    const wanted = [...Array(steps).keys(), 'ready'].map((line) => `${line}\n`).join('');
    let kills = 0;
    for (; !(await said()).includes('ready') && kills < 200; kills++) {
      const pid = await helperPid(window);
      signal(pid, 'SIGKILL');
      await processEnd(pid);
      await window.helper.connect().catch(() => undefined);
      // At another moment each time.
      await delay((kills * 37) % 160);
    }
    await waitFor(said, (text) => text === wanted, { what: 'all steps', timeout: 30_000 });
    await waitFor(
      () => window.list()[0],
      (record) => record?.status === 'active' && record.setup?.state === 'done',
      { what: 'the record' },
    );
    assert.ok(kills > 1);
  }).timeout(120_000);
});
