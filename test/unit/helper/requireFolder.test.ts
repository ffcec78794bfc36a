import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Deferred } from '../../../src/base/async.ts';
import { requireFolder } from '../../../src/helper/requireFolder.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the folder that a session is started in', () => {
  const dirs = useTempDirs();

  it('is there, or is gone, also where a file is in its place or above it', async () => {
    const folder = await dirs.make();
    await writeFile(path.join(folder, 'file'), '');
    const said: string[] = [];
    for (const name of ['', 'none', 'file', 'file/none']) said.push(await whatOf(path.join(folder, name)));
    const gone = (name: string) => `its folder ${path.join(folder, name)} is gone`;
    assert.deepEqual(said, ['there', gone('none'), gone('file'), gone('file/none')]);
  });

  it('is on a disk that does not answer, which is asked once until it does', async () => {
    // A disk that hangs cannot be had here.
    const answer = new Deferred<boolean>();
    let asked = 0;
    const look = () => {
      asked++;
      return answer.promise;
    };
    const said = [await whatOf('/far', { look, deadline: 1 }), await whatOf('/far', { look, deadline: 1 })];
    const askedMeanwhile = asked;
    answer.resolve(true);
    await new Promise(setImmediate);
    said.push(await whatOf('/far', { look }));
    const silent = 'the disk of its folder /far does not answer';
    assert.deepEqual([said, askedMeanwhile, asked], [[silent, silent, 'there'], 1, 2]);
  });

  const whatOf = (...args: Parameters<typeof requireFolder>) =>
    requireFolder(...args).then(
      () => 'there',
      (error) => error.message,
    );
});
