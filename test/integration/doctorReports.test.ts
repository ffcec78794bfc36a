import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import { applySafeRepairs } from '../../src/client/doctor/runDoctor.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { creationLockFile } from '../../src/node/creationLocks.ts';
import { EventJournal } from '../../src/node/eventJournal.ts';
import { exists } from '../../src/node/exists.ts';
import { RemovalNotes } from '../../src/node/removalNotes.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { listing, useDoctorScene } from './support/doctorScene.ts';

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

describeOnUnix('the doctor, of what it leaves to the user,', () => {
  const {
    stop,
    current,
    project,
    key,
    places,
    files,
    look,
    end,
    tagFile,
    saved,
    damageSaved,
    told,
    evidence,
    removeSockets,
    windowHas,
  } = useDoctorScene();
  let window: SessionManager;
  let storage: string;
  let list: string;
  let login: SessionRecord;

  beforeEach(() => {
    ({ window, storage, list, login } = current());
  });

  const left: [what: string, damage: () => Promise<unknown>, found: string[], seen: RegExp][] = [
    [
      'a list of a newer version',
      () => writeFile(list, JSON.stringify({ version: '2.0', key: key(), sessions: [login], more: 1 })),
      ['warning list-newer LIST'],
      /newer version of Holdfast has written the session list \(2\.0, format 1\)/,
    ],
    [
      'a damaged backup',
      async () => {
        const taken = await new Backups({ folder: storage, key: key() }).take('manual', {
          records: [login],
          generation: 1,
        });
        const file = taken?.file ?? '';
        await writeFile(file, (await readFile(file, 'utf8')).replace('"login"', '"logon"'));
      },
      ['warning backup-damaged STORAGE/backups/BACKUP'],
      /cannot be restored: its checksum is wrong\. No session in it is sound/,
    ],
    [
      'a saved session of which both copies are damaged',
      async () => {
        const { id } = await saved().save(login);
        for (const name of [`${id}.json`, `${id}.previous.json`]) await damageSaved(name);
      },
      ['warning saved-damaged REPOSITORY/saved/UUID.json'],
      /cannot be loaded: it is not whole JSON/,
    ],
    [
      'a worktree’s tag of a newer version',
      async () => writeFile(await tagFile(), '{"version":"2.0","whose":"not told"}'),
      ['warning tag-newer WORKTREE'],
      /newer version of Holdfast has marked whose the worktree is\. .*wrote it \(2\.0\)/,
    ],
    [
      'a worktree of nobody with a tag of a newer version',
      async () => {
        await writeFile(await tagFile(), '{"version":"2.0","whose":"not told"}');
        await end();
        for (const name of ['sessions.json', 'sessions.previous.json']) await rm(path.join(storage, name));
        await rm(places().folder, { recursive: true });
        await removeSockets();
      },
      ['warning worktree-tag-newer WORKTREE'],
      /a newer version of Holdfast wrote it \(2\.0\)/,
    ],
    [
      'a window’s storage that is gone',
      () => registerStorage(places(), path.join(storage, 'gone')),
      ['warning storage-missing STORAGE/gone'],
      /storage folder of a window is gone.* The window was last seen at 2/,
    ],
    [
      'a window’s note that says nothing',
      () => writeFile(path.join(places().folder, 'windows', 'damaged.json'), 'garbage'),
      ['warning storage-note-damaged REPOSITORY/windows/damaged.json'],
      /note of its storage cannot be read.* it is damaged/,
    ],
    [
      'a pipe in place of a window’s note',
      async () => execFileSync('mkfifo', [path.join(places().folder, 'windows', 'pipe.json')]),
      ['warning storage-note-damaged REPOSITORY/windows/pipe.json'],
      /it is no regular file/,
    ],
    [
      'a damaged journal',
      async () => {
        const journal = new EventJournal({ folder: storage });
        const at = new Date().toISOString();
        journal.append([
          { type: 'backupTaken', at, file: 'a', count: 1 },
          { type: 'backupTaken', at, file: 'b', count: 1 },
        ]);
        await journal.close();
        const file = path.join(storage, 'events.journal');
        await writeFile(file, `${(await readFile(file, 'utf8')).replace('"a"', '"x"')}00000`);
      },
      ['warning journal-damaged STORAGE/events.journal', 'info journal-torn STORAGE/events.journal'],
      /1 record of the event journal cannot be read\. \d+ events? in the file can be read/,
    ],
    [
      'a journal that a window which did not get the lock left damaged',
      async () => {
        await writeFile(path.join(storage, 'events.aside-0123456789abcdef.journal'), '00000010 00000000 {"a":1}\n', {
          mode: 0o600,
        });
      },
      ['warning journal-damaged STORAGE/events.aside-0123456789abcdef.journal'],
      /1 record of the event journal cannot be read/,
    ],
    [
      'the lock of another machine’s process',
      async () => {
        const owner = { pid: 4711, startTime: '1', bootId: 'other', host: 'elsewhere.invalid', nonce: randomUUID() };
        await writeFile(creationLockFile(places().folder, 'x'), JSON.stringify(owner));
      },
      ['warning lock-unknown REPOSITORY/creation-x.lock'],
      /Process 4711 on elsewhere\.invalid took it/,
    ],
    [
      'a session folder of no session',
      async () => {
        const folder = path.join(places().sessionsFolder, 'nobody');
        await mkdir(folder);
        await writeFile(path.join(folder, 'transcript.cast'), 'output');
      },
      ['warning session-folder-orphan REPOSITORY/sessions/nobody'],
      /no record in it, and none in any list/,
    ],
    [
      'a host’s file that is damaged',
      async () => {
        await stop();
        await writeFile(files().host, '{');
      },
      ['warning host-file-damaged SESSION/host.json'],
      /does not name a host/,
    ],
    [
      'a session whose worktree is gone',
      async () => {
        await stop();
        await rename(login.worktreePath, path.join(project().folder, 'elsewhere'));
      },
      ['warning worktree-gone “login” (ID)'],
      /There is no .*login-.* Its branch is feature\/login/,
    ],
    [
      'a worktree whose session is nowhere',
      async () => {
        const tag = await tagFile();
        await end();
        await rm(tag);
        await rm(places().folder, { recursive: true });
        await removeSockets();
      },
      ['warning worktree-untagged WORKTREE'],
      /has no tag that says whose it is/,
    ],
    [
      'a worktree that was moved',
      async () => {
        await stop();
        await project().git(
          'worktree',
          'move',
          '-f',
          '-f',
          login.worktreePath,
          path.join(project().folder, '.worktrees', 'moved'),
        );
      },
      ['warning worktree-moved PROJECT/.worktrees/moved'],
      /Its tag names “login”/,
    ],
    [
      'a worktree that a killed window has left',
      async () => {
        await window.helper.delete(await stop());
        await windowHas(/"deletedAt"/);
      },
      ['warning worktree-left WORKTREE'],
      /“login” \(\w+\) was destroyed at .* no uncommitted, untracked or ignored files/,
    ],
    [
      'a worktree that goes once git can remove it',
      async () => {
        await window.helper.delete(await stop());
        await windowHas(/"deletedAt"/);
        await new RemovalNotes(places().removalsFolder).write({
          version: '1.0',
          choice: 'archive',
          session: login,
          root: project().folder,
          askedAt: new Date().toISOString(),
          attempts: 2,
          triedAt: new Date().toISOString(),
          reason: 'Permission denied',
        });
      },
      ['info worktree-going WORKTREE'],
      /It was tried 2 times, last at .*: Permission denied\./,
    ],
    [
      'a worktree that was kept for its work',
      async () => {
        await writeFile(path.join(login.worktreePath, 'work.txt'), 'work');
        await window.destroy(login.id);
      },
      ['info worktree-kept WORKTREE'],
      /“login” \(\w+\) was destroyed at/,
    ],
    [
      'what is in quarantine',
      async () => {
        await mkdir(path.join(storage, 'quarantine'));
        await writeFile(path.join(storage, 'quarantine', 'a.json'), '{');
      },
      ['info quarantined STORAGE/quarantine'],
      /1 damaged file kept here.* a\.json/,
    ],
  ];
  for (const [what, damage, found, seen] of left) {
    it(`tells of ${what}, and leaves it as it is`, async () => {
      await damage();
      const state = async () => [
        await project().git('worktree', 'list'),
        await project().git('branch', '--list'),
        ...(await listing(places().folder, storage)),
      ];
      await waitFor(async () => !(await exists(files().host)) || (await exists(files().checkpoint)));
      const before = await state();
      const findings = await look();
      const plain = told(findings).map((line) =>
        line
          .replace(project().folder, 'PROJECT')
          .replace(/sessions-\d{8}T\S+$/, 'BACKUP')
          .replace(uuid, 'UUID'),
      );
      // Whatever was destroyed is still in the list of a window that was cut off.
      assert.deepEqual(
        plain.filter((line) => line !== 'info list-behind LIST'),
        found,
      );
      assert.match(evidence(findings).replaceAll('\n', ' '), seen);
      assert.deepEqual([await applySafeRepairs(findings), await state()], [[], before]);
      assert.deepEqual(
        findings.map(({ repair, severity }) => severity === 'info' || repair !== undefined),
        findings.map(() => true),
      );
    });
  }

  for (const [what, spoil] of [
    ['damaged', () => writeFile(list, '{"version":')],
    ['gone', () => rm(list)],
    ['damaged and tells whose it is', async () => writeFile(list, (await readFile(list, 'utf8')).slice(0, 200))],
  ] as const) {
    it(`leaves a list alone that is another repository’s, and is ${what}`, async () => {
      const other = serializeRegistry({
        key: '0123456789abcdef',
        generation: 1,
        savedAt: new Date(),
        records: [login],
      });
      const theirs = await project().newFolder('storage');
      const previous = path.join(theirs, 'sessions.previous.json');
      list = path.join(theirs, 'sessions.json');
      for (const file of [list, previous]) await writeFile(file, other, { mode: 0o600 });
      await spoil();
      await registerStorage(places(), theirs);
      const before = await listing(theirs);
      const findings = await look();
      await applySafeRepairs(findings);
      assert.deepEqual([told(findings), await listing(theirs)], [[], before]);
    });
  }
});
