import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readToken, tokensEqual } from '../../../src/node/token.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the token', () => {
  const dirs = useTempDirs();

  it('is 256 bits, made once, the same for all who want it at once', async () => {
    const folder = path.join(await dirs.make(), 'state');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => readToken(folder)));
    assert.deepEqual([new Set(tokens).size, /^[0-9a-f]{64}$/.test(tokens[0] as string)], [1, true]);
  });

  it('can be read by the user alone, with nothing left of its making', async () => {
    const folder = await dirs.make();
    await readToken(folder);
    const { mode } = await stat(path.join(folder, 'token'));
    assert.deepEqual([await readdir(folder), process.platform === 'win32' ? 0o600 : mode & 0o777], [['token'], 0o600]);
  });

  it('is different in another state folder', async () => {
    assert.notEqual(await readToken(await dirs.make()), await readToken(await dirs.make()));
  });

  it('is an error with advice where the state folder cannot be made', async () => {
    const file = path.join(await dirs.make(), 'file');
    await writeFile(file, '');
    await assert.rejects(readToken(path.join(file, 'state')), { code: 'STORAGE_NOT_WRITABLE' });
  });

  for (const [a, b, equal] of [
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'ab', false],
    ['', 'abc', false],
    ['é', 'é', true],
  ] as const) {
    it(`“${a}” and “${b}” are ${equal ? '' : 'not '}equal`, () => assert.equal(tokensEqual(a, b), equal));
  }
});
