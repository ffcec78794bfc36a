import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeOnUnix } from '../../support/unix.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

/** What happens to the programs that the helper and the hosts run from. */
const harms: [what: string, harm: (folder: string) => Promise<unknown>][] = [
  ['deleted', (folder) => rm(folder, { recursive: true })],
  ['cut short', (folder) => eachProgram(folder, (file) => writeFile(file, 'this is no pro'))],
  ['replaced by empty files', (folder) => eachProgram(folder, (file) => writeFile(file, ''))],
];

describeOnUnix('programs whose files are harmed while they run', () => {
  for (const [what, harm] of harms) {
    itLosesNothing(`run on, and the next helper starts from whole ones: ${what}`, async (stage) => {
      const session = await stage.numbers();
      for (const folder of await runtimes(stage)) await harm(folder);
      await session.printsOn(1);
      const killed = await stage.killHelper();
      await stage.numbers();
      assert.notEqual(await stage.scene.helperPid(), killed);
    });
  }
});

async function runtimes({ scene }: Stage): Promise<string[]> {
  const parent = path.join(scene.places.stateFolder, 'runtime');
  return (await readdir(parent)).map((name) => path.join(parent, name));
}

function eachProgram(folder: string, write: (file: string) => Promise<void>): Promise<unknown> {
  return Promise.all(['helper.cjs', 'host.cjs'].map((name) => write(path.join(folder, name))));
}
