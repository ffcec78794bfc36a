import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repairAll, runDoctor } from '../../src/client/doctor/runDoctor.ts';
import { validateFile } from '../../src/client/doctor/validateFile.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { noNotes } from '../../src/core/destroyedNotes.ts';
import { notesFile, readDestroyedNotes, writeDestroyedNotes } from '../../src/node/destroyedNotes.ts';
import { journalFile } from '../../src/node/journalFiles.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { describeOnUnix } from '../support/unix.ts';
import { useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

const id = '11111111-0000-4000-8000-000000000000';
const notes = { ...noNotes, forgotten: new Map([[id, { revision: 7, deletedAt: '2026-01-02T00:00:00.000Z' }]]) };

describeOnUnix('the doctor, of files that no list names', () => {
  const project = useProject();
  let window: SessionManager;
  let folder: string;
  beforeEach(async () => {
    window = await project().open();
    folder = repositoryPlaces(machine, window.options.workplace.key).folder;
  });

  const context = () => ({ ...window.options, client: { kind: 'test' as const, pid: process.pid, version: '0.0.0' } });
  const codes = async () => (await runDoctor(context())).map(({ code }) => code);

  it('tells of damaged notes about destroyed sessions, and puts them right', async () => {
    for (let write = 0; write < 2; write++) await writeDestroyedNotes(folder, notes);
    const sound = await codes();
    await writeFile(notesFile(folder), 'garbage');
    const found = await codes();
    await repairAll(context());
    assert.deepEqual(
      [sound, found, await codes(), await readDestroyedNotes(folder)],
      [[], ['destroyed-notes-damaged'], ['quarantined'], notes],
    );
  });

  it('validates the notes about destroyed sessions', async () => {
    await writeDestroyedNotes(folder, notes);
    const { kind, checksum, counts, problems } = await validateFile(notesFile(folder));
    await writeFile(notesFile(folder), '{"seen": {}, "forgotten": {}}');
    const damaged = await validateFile(notesFile(folder));
    assert.deepEqual(
      [kind, checksum, counts, problems, damaged.problems],
      ['destroyed', 'right', { destroyed: 1 }, [], [{ where: '', problem: 'it is not as it was written' }]],
    );
  });

  it('tells of a link in the place of an event journal', async () => {
    const file = journalFile(window.options.storage);
    await rm(file, { force: true });
    await symlink(path.join(project().folder, 'README.md'), file);
    assert.deepEqual(await codes(), ['journal-unsafe']);
  });
});
