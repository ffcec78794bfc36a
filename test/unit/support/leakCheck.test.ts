import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { editorEnvironment, editorTempFolder } from '../../support/editorEnvironment.ts';
import { collectLeaks } from '../../support/leakCheck.ts';
import { canFindMarked } from '../../support/markedProcesses.ts';
import { beginTestRun, type TestRun } from '../../support/testRun.ts';

describe('the check for what a test run leaves', () => {
  let run: TestRun;

  beforeEach(() => {
    run = beginTestRun({});
  });

  it('finds nothing where nothing was left, and removes the folder of the run', async () => {
    await editorEnvironment(run);
    assert.deepEqual([await collectLeaks(run, 0), existsSync(run.folder)], [[], false]);
  });

  it('finds a folder among those of the tests', async () => {
    await mkdir(join(run.folder, 'temp', 'forgotten'));
    assert.deepEqual(await collectLeaks(run, 0), ['temp folder forgotten']);
  });

  it('finds a file in the temp folder of the editor, but not what VS Code itself leaves there', async () => {
    await editorEnvironment(run);
    for (const name of ['forgotten', 'vscode-ipc-1.sock']) await writeFile(join(editorTempFolder(run), name), '');
    assert.deepEqual(await collectLeaks(run, 0), ["in the editor's temp folder: forgotten"]);
  });

  it('finds a process and ends it', async function () {
    if (!canFindMarked) this.skip();
    const child = await forgottenProcess(run);
    const ended = once(child, 'exit');
    const leaks = await collectLeaks(run, 0);
    const named = leaks.map((line) => line.startsWith(`process ${child.pid}: ${process.execPath} -e `));
    assert.deepEqual([named, await ended], [[true], [null, 'SIGKILL']]);
  });

  it('finds a process of a run whose folder is gone', async function () {
    if (!canFindMarked) this.skip();
    const child = await forgottenProcess(run);
    const ended = once(child, 'exit');
    await rm(run.folder, { recursive: true });
    const leaks = await collectLeaks(run, 0);
    await ended;
    assert.deepEqual(
      leaks.map((line) => line.split(':')[0]),
      [`process ${child.pid}`],
    );
  });

  it('finds a socket', async function () {
    if (process.platform === 'win32') this.skip();
    const server = net.createServer().listen(join(run.folder, 'sock', 'forgotten'));
    await once(server, 'listening');
    const leaks = await collectLeaks(run, 0);
    server.close();
    assert.deepEqual(leaks, ['socket forgotten']);
  });
});

/** A process that carries the mark of a run and would never end. */
async function forgottenProcess(run: TestRun): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); process.stdin.resume()'], {
    env: { ...process.env, HOLDFAST_TEST_RUN: run.id },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
