import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { silentLog } from '../../../src/node/log.ts';
import { markRuntimeUse, removeUnusedRuntimes, stageRuntime } from '../../../src/node/runtimeFolder.ts';
import { projectNode } from '../../support/paths.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const day = 24 * 3_600_000;

describe('the copy of the programs', () => {
  const dirs = useTempDirs();
  let dist: string;
  let state: string;
  let runtimes: string;
  beforeEach(async () => {
    dist = await dirs.make('dist');
    state = await dirs.make('state');
    runtimes = path.join(state, 'runtime');
    await writeDist('1.0.0');
  });

  it('is made once for each content', async () => {
    const first = await stageRuntime(dist, state);
    const again = await stageRuntime(dist, state);
    await writeDist('1.0.1');
    const other = await stageRuntime(dist, state);
    assert.deepEqual([again === first, (await readdir(runtimes)).length, other === first], [true, 2, false]);
  });

  for (const lost of ['host.cjs', 'version.json', '']) {
    it(`is made anew where ${lost || 'all of it'} was removed`, async () => {
      const folder = await stageRuntime(dist, state);
      await rm(path.join(folder, lost), { recursive: true });
      assert.equal(await stageRuntime(dist, state), folder);
      assert.equal(await readFile(path.join(folder, 'host.cjs'), 'utf8'), 'host 1.0.0');
      assert.match(await readFile(path.join(folder, 'version.json'), 'utf8'), /1\.0\.0/);
    });
  }

  it('is made anew where a program in it was cut short', async () => {
    const folder = await stageRuntime(dist, state);
    await writeFile(path.join(folder, 'host.cjs'), 'host');
    assert.equal(await readFile(path.join(await stageRuntime(dist, state), 'host.cjs'), 'utf8'), 'host 1.0.0');
  });

  it('is removed once it was not asked for in a day and no process runs from it any more', async () => {
    const folder = await used(await stageRuntime(dist, state));
    const removed = [
      await removeUnusedRuntimes(state, silentLog),
      await removeUnusedRuntimes(state, silentLog, Date.now() + day + 1_000),
    ];
    assert.deepEqual([removed, await readdir(runtimes)], [[[], [path.basename(folder)]], []]);
  });

  it('stays while a process that runs from it lives', async () => {
    const folder = await used(await stageRuntime(dist, state));
    await markRuntimeUse(folder);
    const removed = await removeUnusedRuntimes(state, silentLog, Date.now() + 2 * day);
    assert.deepEqual([removed, await readdir(runtimes)], [[], [path.basename(folder)]]);
  });

  it('is marked by a process no longer than that runs', async () => {
    const folder = await stageRuntime(dist, state);
    await mark(folder);
    const left = [await readdir(path.join(folder, 'uses'))];
    await mark(folder, 'process.exit(1);');
    left.push(await readdir(path.join(folder, 'uses')));
    assert.deepEqual(left, [[], []]);
  });

  it('is not even looked at before it is old enough', async () => {
    const folder = await used(await stageRuntime(dist, state));
    await removeUnusedRuntimes(state, silentLog);
    assert.equal((await readdir(path.join(folder, 'uses'))).length, 1);
  });

  it('does not stay because another one cannot be looked at', async () => {
    const folder = await used(await stageRuntime(dist, state));
    await symlink('nowhere', path.join(runtimes, '0.0.1-broken'));
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (_: string, details?: unknown) => warnings.push(details) };
    const removed = await removeUnusedRuntimes(state, log, Date.now() + 2 * day);
    assert.deepEqual([removed, warnings.length], [[path.basename(folder)], 1]);
  });

  it('stays where a process of another machine may run from it', async () => {
    const folder = await used(await stageRuntime(dist, state));
    const owner = { pid: 1, startTime: '1', bootId: 'other', host: 'another-machine', nonce: 'n' };
    await writeFile(path.join(folder, 'uses', 'other.lock'), JSON.stringify(owner));
    assert.deepEqual(await removeUnusedRuntimes(state, silentLog, Date.now() + 2 * day), []);
  });

  it('stays where nothing tells whether a process runs from it', async () => {
    await stageRuntime(dist, state);
    assert.deepEqual(await removeUnusedRuntimes(state, silentLog, Date.now() + 2 * day), []);
  });

  it('stays for another day when it is asked for again', async () => {
    const folder = await used(await stageRuntime(dist, state));
    await utimes(folder, 0, 0);
    await stageRuntime(dist, state);
    assert.deepEqual(await removeUnusedRuntimes(state, silentLog), []);
    assert.ok(Date.now() - (await stat(folder)).mtimeMs < 60_000);
  });

  it('that was never finished is removed after a day', async () => {
    const folder = await stageRuntime(dist, state);
    await rename(folder, `${folder}.123.1700000000000`);
    const removed = [
      await removeUnusedRuntimes(state, silentLog),
      await removeUnusedRuntimes(state, silentLog, Date.now() + 2 * day),
    ];
    assert.deepEqual(removed, [[], [`${path.basename(folder)}.123.1700000000000`]]);
  });

  it('is no business of a process that runs from elsewhere', async () => {
    await markRuntimeUse(dist);
    assert.equal((await readdir(dist)).includes('uses'), false);
  });

  async function writeDist(version: string): Promise<void> {
    await mkdir(path.join(dist, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true });
    for (const name of ['helper', 'host']) await writeFile(path.join(dist, `${name}.cjs`), `${name} ${version}`);
    await writeFile(path.join(dist, 'version.json'), JSON.stringify({ version }));
  }
});

/** Marked by a process that was killed. */
async function used(folder: string): Promise<string> {
  await mark(folder, "process.kill(process.pid, 'SIGKILL');");
  return folder;
}

/** Lets a process that runs from `folder` do nothing but `then`. */
async function mark(folder: string, then = ''): Promise<void> {
  const source = path.join(import.meta.dirname, '../../../src/node/runtimeFolder.ts');
  const script = `import { markRuntimeUse } from ${JSON.stringify(source)}; await markRuntimeUse(process.argv[1]);`;
  const child = spawn(projectNode, ['--input-type=module', '-e', script + then, folder], { stdio: 'inherit' });
  await once(child, 'exit');
  assert.equal(await exists(path.join(folder, 'uses')), true);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
