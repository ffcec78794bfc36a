import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readToken, ServerToken, tokensEqual } from '../../../src/node/token.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { itOnUnix } from '../../support/unix.ts';

const tokenPattern = /^[0-9a-f]{64}$/;

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

  for (const [what, content] of [
    ['is empty, as a power cut can leave it', ''],
    ['was cut short', '1'.repeat(63)],
  ] as const) {
    it(`is made anew where its file ${what}`, async () => {
      const folder = await dirs.make();
      await writeFile(path.join(folder, 'token'), content);
      const token = await readToken(folder);
      assert.deepEqual([tokenPattern.test(token), await readToken(folder)], [true, token]);
    });
  }

  itOnUnix('is made anew where a pipe is in its place, which nobody waits for', async () => {
    const folder = await dirs.make();
    execFileSync('mkfifo', [path.join(folder, 'token')]);
    assert.match(await readToken(folder), tokenPattern);
  });

  itOnUnix('is made anew where a link to another file is in its place, which stays as it is', async () => {
    const folder = await dirs.make();
    const other = path.join(await dirs.make(), 'other');
    await writeFile(other, 'precious');
    await symlink(other, path.join(folder, 'token'));
    const token = await readToken(folder);
    assert.deepEqual([tokenPattern.test(token), await readFile(other, 'utf8')], [true, 'precious']);
  });

  itOnUnix('is an error with advice where a folder is in its place', async () => {
    const folder = await dirs.make();
    await mkdir(path.join(folder, 'token'));
    await assert.rejects(readToken(folder), { code: 'STORAGE_NOT_WRITABLE' });
  });

  describe('of a server', () => {
    const [first, second] = ['1'.repeat(64), '2'.repeat(64)] as const;
    let file: string;
    let token: ServerToken;
    beforeEach(async () => {
      const folder = await dirs.make();
      file = path.join(folder, 'token');
      token = new ServerToken(folder, first);
    });
    const accepts = (shown: string) => {
      try {
        token.require(shown);
        return true;
      } catch {
        return false;
      }
    };

    it('is the one that it began with, and the one that is in the file by now', async () => {
      await writeFile(file, `${second}\n`, { mode: 0o600 });
      assert.deepEqual([first, second, '3'.repeat(64), ''].map(accepts), [true, true, false, false]);
    });

    it('is shown to others as the file has it', async () => {
      const before = token.current;
      await writeFile(file, second, { mode: 0o600 });
      assert.deepEqual([before, token.current], [first, second]);
    });

    it('is none that is no token, as in a file that was cut short', async () => {
      await writeFile(file, '', { mode: 0o600 });
      const isEmptyAccepted = accepts('');
      await writeFile(file, 'x'.repeat(64));
      assert.deepEqual([isEmptyAccepted, accepts('x'.repeat(64)), token.current], [false, false, first]);
    });

    it('is none that others could have written', async () => {
      if (process.platform === 'win32') return;
      await writeFile(file, second);
      await chmod(file, 0o620);
      assert.equal(accepts(second), false);
    });

    it('is refused with advice that names the file', () => {
      assert.throws(() => token.require(second), {
        code: 'UNAUTHORIZED',
        message: `The token that was shown is not the one in ${file}.`,
        advice: 'Nothing was changed, and sessions run on. Try again; if that does not help, delete that file.',
      });
    });

    it('is written again where the file is gone, but never over another one', async () => {
      const restored = [await token.restore(), await readFile(file, 'utf8')];
      await rm(file);
      await writeFile(file, second, { mode: 0o600 });
      assert.deepEqual(
        [...restored, await token.restore(), await readFile(file, 'utf8')],
        [true, first, false, second],
      );
    });
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
