import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SessionJournal } from '../../../src/client/sessionJournal.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';
import { aRecord } from '../records.ts';

const made = aRecord({ revision: 1 });
const started = aRecord({ revision: 2, status: 'active', ptyPid: 7 });
const now = () => new Date('2026-01-09T00:00:00.000Z');

describe('the journal of a window', () => {
  const dirs = useTempDirs();
  let folder: string;
  beforeEach(async () => {
    folder = path.join(await dirs.make(), 'storage');
  });

  it('tells what was noted, and what no record tells', async () => {
    const journal = new SessionJournal({ folder, now });
    journal.note(undefined, made);
    journal.note(made, started);
    journal.noteEvent({ at: now().toISOString(), type: 'backupTaken', file: 'a.json', count: 1 });
    await journal.flush();
    assert.deepEqual(await types(journal), ['created', 'started', 'statusChanged', 'backupTaken']);
    journal.dispose();
  });

  it('marks what was found on coming back', async () => {
    const journal = new SessionJournal({ folder, now });
    journal.noteFound(made, started);
    await journal.flush();
    for await (const event of journal.read()) assert.equal(event.late, true);
    assert.equal((await types(journal)).length, 2);
    journal.dispose();
  });

  it('tells each change once where two windows share the folder', async () => {
    const windows = [new SessionJournal({ folder, now }), new SessionJournal({ folder })];
    for (const window of windows) {
      window.note(undefined, made);
      window.note(made, started);
    }
    await Promise.all(windows.map((window) => window.flush()));
    for (const window of windows) window.dispose();
    assert.deepEqual(await types(windows[0] as SessionJournal), ['created', 'started', 'statusChanged']);
  });

  it('tells from where a session was restored, though another window that does not know it noted it first', async () => {
    const destroyed = { ...started, revision: 3, deletedAt: '2026-01-08T00:00:00.000Z' };
    const back = aRecord({ revision: 4 });
    const windows = [new SessionJournal({ folder, now }), new SessionJournal({ folder, now })] as const;
    windows[1].note(destroyed, back);
    await windows[1].flush();
    await windows[0].restoring([made.id], 'a.json', async () => windows[0].note(destroyed, back));
    windows[0].note(undefined, aRecord({ id: '00000000-0000-4000-8000-000000000000' }));
    await windows[0].flush();
    const told: unknown[] = [];
    for await (const { type, source } of windows[1].read()) told.push([type, source]);
    for (const window of windows) window.dispose();
    assert.deepEqual(told, [
      ['restored', 'a.json'],
      ['exited', undefined],
      ['statusChanged', undefined],
      ['created', undefined],
    ]);
  });

  it('tells no source of a session that changes after a restore, or after one that failed', async () => {
    const journal = new SessionJournal({ folder, now });
    await assert.rejects(
      journal.restoring([made.id], 'a.json', () => Promise.reject(new Error('no'))),
      /no/,
    );
    journal.note(made, aRecord({ name: 'logout', revision: 2 }));
    await journal.flush();
    assert.deepEqual(await types(journal), ['renamed']);
    journal.dispose();
  });

  it('tells what was repaired, and nothing where nothing was', async () => {
    const journal = new SessionJournal({ folder, now });
    journal.noteRepaired([]);
    journal.noteRepaired(['The record of “login” was damaged.'], made.id);
    await journal.flush();
    const told: unknown[] = [];
    for await (const event of journal.read()) told.push(event);
    journal.dispose();
    assert.deepEqual(told, [
      {
        at: now().toISOString(),
        type: 'repaired',
        sessionId: made.id,
        fields: ['The record of “login” was damaged.'],
      },
    ]);
  });

  it('still writes what was noted just before it is disposed', async () => {
    const journal = new SessionJournal({ folder });
    journal.note(undefined, made);
    journal.dispose();
    await waitFor(
      () => types(journal),
      (found) => found.length === 1,
    );
  });

  it('keeps what it is told of to itself where nothing can be written, save for one error', async () => {
    await writeFile(folder, 'in the way');
    const errors: unknown[] = [];
    const journal = new SessionJournal({ folder, onError: (error) => errors.push(error) });
    journal.note(undefined, made);
    journal.note(made, started);
    await journal.flush();
    journal.dispose();
    assert.equal(errors.length, 1);
  });
});

async function types(journal: SessionJournal): Promise<string[]> {
  const found: string[] = [];
  for await (const { type } of journal.read()) found.push(type);
  return found;
}
