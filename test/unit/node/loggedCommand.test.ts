import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tailOf } from '../../../src/node/loggedCommand.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('the last words of a command’s log', () => {
  const dirs = useTempDirs();

  const logs: [what: string, text: string, tail: string][] = [
    ['are its last line', 'one\r\n\u001b[31mtwo\u001b[m \n\n', 'two'],
    ['are none of the shell’s own', 'said\nbash: no job control in this shell\nexit\n', 'said'],
    ['are empty where nothing was said', '$ make\n', ''],
    ['are its end where that is long', `${'a'.repeat(300)}\n`, `…${'a'.repeat(200)}`],
  ];
  for (const [what, text, tail] of logs) {
    it(what, async () => {
      const log = path.join(await dirs.make(), 'log');
      await writeFile(log, text);
      assert.equal(await tailOf(log), tail);
    });
  }

  it('are empty where there is no log', async () => {
    assert.equal(await tailOf(path.join(await dirs.make(), 'log')), '');
  });
});
