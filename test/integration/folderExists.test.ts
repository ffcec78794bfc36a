import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { useProject } from './support/project.ts';

describe('a session whose folder is taken by something else', () => {
  const project = useProject();

  it('is not created: the error names the folder, which stays as it is, and nothing else is left', async () => {
    const window = await project().open();
    await window.helper.connect();
    const before = await project().traces(window);
    let folder = '';
    const subscription = window.onChange((record) => {
      // The record is the first that is known of a session, and its folder the last that is made.
      if (!record || folder) return;
      folder = record.worktreePath;
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'notes.txt'), 'mine\n');
    });
    const error = await window.create({ name: 'taken', command: ['cat'] }).catch((reason) => reason);
    subscription.dispose();
    const notes = await readFile(path.join(folder, 'notes.txt'), 'utf8');
    await rm(path.dirname(folder), { recursive: true });
    assert.deepEqual(
      { code: error.code, text: error.text, data: error.data, notes, left: await project().traces(window) },
      {
        code: 'FOLDER_EXISTS',
        text: `The folder ${folder} exists already. Choose another name.`,
        data: { folder },
        notes: 'mine\n',
        left: before,
      },
    );
  });
});
