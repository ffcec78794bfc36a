import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { helperAddress } from '../../../src/node/helperAddress.ts';
import { repositoryPlaces, thisMachine } from '../../../src/node/places.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

describe('the address of a helper', () => {
  const dirs = useTempDirs();

  const addressWith = async (make: (file: string) => Promise<void>): Promise<[address: string, usual: string]> => {
    const places = repositoryPlaces(thisMachine({ ...process.env, HOLDFAST_STATE_DIR: await dirs.make() }), 'key');
    await mkdir(path.dirname(places.helperFile), { recursive: true });
    await make(places.helperFile);
    return [await helperAddress(places), places.helperSocket];
  };

  it('is what the helper itself has noted', async () => {
    const [address] = await addressWith((file) => writeFile(file, '{"socket":"/elsewhere/helper.sock"}'));
    assert.equal(address, '/elsewhere/helper.sock');
  });

  const notes: [what: string, make: (file: string) => Promise<void>][] = [
    ['is missing', async () => {}],
    ['is damaged', (file) => writeFile(file, '{"socket":')],
    ['tells of no socket', (file) => writeFile(file, '{"pid":1}')],
  ];
  for (const [what, make] of notes) {
    it(`is the usual one where its note ${what}`, async () => {
      const [address, usual] = await addressWith(make);
      assert.equal(address, usual);
    });
  }

  itOnUnix('is the usual one where its note cannot be read', async () => {
    const [address, usual] = await addressWith((file) => symlink(file, file));
    assert.equal(address, usual);
  });
});
