import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createFileLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

describe('a log', () => {
  const dirs = useTempDirs();

  it('is one JSON object a line, with errors as their message', async () => {
    const file = path.join(await dirs.make(), 'logs', 'host.log');
    const log = createFileLog(file, 'host');
    log.info('Started', { id: 7 });
    log.error('Failed', { error: new Error('boom') });
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ time, pid, ...entry }) => entry),
      [
        { level: 'info', program: 'host', message: 'Started', id: 7 },
        { level: 'error', program: 'host', message: 'Failed', error: 'boom' },
      ],
    );
  });

  it('is capped: at 1 MiB it becomes the older of two files', async () => {
    const file = path.join(await dirs.make(), 'host.log');
    const log = createFileLog(file, 'host');
    for (let line = 0; line < 300; line++) log.info('x'.repeat(10_000));
    const sizes = await Promise.all([file, `${file}.1`].map(async (name) => (await stat(name)).size <= 1024 * 1024));
    assert.deepEqual(
      [await readdir(path.dirname(file)), sizes],
      [
        ['host.log', 'host.log.1'],
        [true, true],
      ],
    );
  });

  it('goes on in the file that is there', async () => {
    const file = path.join(await dirs.make(), 'host.log');
    for (const message of ['first', 'second']) createFileLog(file, 'host').info(message);
    assert.match(await readFile(file, 'utf8'), /first[\s\S]*second/);
  });

  it('does not fail the program where it cannot be written', async () => {
    const file = path.join(await dirs.make(), 'host.log');
    await mkdir(file);
    createFileLog(file, 'host').info('lost');
    assert.deepEqual(await readdir(file), []);
  });
});
