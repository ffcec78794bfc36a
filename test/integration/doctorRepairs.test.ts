import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import type { Diagnosed } from '../../src/client/doctor/doctorContext.ts';
import { applySafeRepairs, repairAll } from '../../src/client/doctor/runDoctor.ts';
import { SessionJournal } from '../../src/client/sessionJournal.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { creationLockFile } from '../../src/node/creationLocks.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { client, useDoctorScene } from './support/doctorScene.ts';

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

describeOnUnix('the doctor, of what it repairs safely,', () => {
  const {
    stop,
    current,
    project,
    key,
    places,
    files,
    look,
    fix,
    end,
    tagFile,
    changeTag,
    saved,
    damageSaved,
    putList,
    saveList,
    deadOwner,
    makeOld,
    told,
    evidence,
    checkpointed,
    removeSockets,
    sessionsNow,
  } = useDoctorScene();
  let window: SessionManager;
  let storage: string;
  let list: string;
  let login: SessionRecord;

  beforeEach(() => {
    ({ window, storage, list, login } = current());
  });

  /** What is done, what is found, a part of the evidence. Each is sound again after the safe repairs. */
  const repaired: [what: string, damage: () => Promise<unknown>, found: string[], seen: RegExp][] = [
    [
      'a list that was cut off',
      async () => writeFile(list, (await readFile(list, 'utf8')).slice(0, 200)),
      ['error list-damaged LIST (safe)'],
      /it is not whole JSON\. 0 sessions in it sound still\. Its previous version is sound/,
    ],
    [
      'a list that is gone',
      () => rm(list),
      ['error list-missing LIST (safe)'],
      /The session list is gone\. Its previous version is sound/,
    ],
    [
      'a list with a time of another zone',
      () => putList({ ...login, createdAt: '2026-01-02T05:04:05.678+02:00' }),
      ['warning backup-none STORAGE/backups (safe)', 'warning list-entries-damaged LIST (safe)'],
      /“login”: createdAt was set to 2026-01-02T03:04:05.678Z/,
    ],
    [
      'a list that is ahead of the helper',
      () => saveList({ ...login, revision: login.revision + 5, currentPhase: 'tests' }),
      ['warning list-ahead LIST (safe)'],
      /“login”: revision \d+ here, \d+ in the helper/,
    ],
    [
      'sessions without a backup',
      () => saveList({ ...login, createdAt: '2026-01-02T03:04:05.678Z' }),
      ['warning backup-none STORAGE/backups (safe)'],
      /no sound backup .*“login” is in the list/,
    ],
    [
      'the lock of a process that is gone',
      async () => writeFile(creationLockFile(places().folder, 'x'), await deadOwner()),
      ['warning lock-stale REPOSITORY/creation-x.lock (safe)'],
      /owner is gone\. Process \d+ on .* \(creation\)/,
    ],
    [
      'what a killed taker of a lock has left',
      async () => writeFile(path.join(storage, `storage.lock.${randomUUID()}`), await deadOwner()),
      ['warning claim-left STORAGE/storage.lock.UUID (safe)'],
      /Process \d+ is gone/,
    ],
    [
      'what a killed writer has left',
      async () => {
        const file = path.join(storage, '.sessions.json.4194305-1.draft');
        await writeFile(file, '{');
        await makeOld(file);
      },
      ['warning drafts-left STORAGE (safe)'],
      /have left 1 file\. \.sessions\.json\.4194305-1\.draft/,
    ],
    [
      'a record that is damaged',
      () => writeFile(files().record, '{"format":2'),
      ['warning record-damaged SESSION/record.json (safe)'],
      /record of “login” is damaged \(it is not whole JSON\)/,
    ],
    [
      'a record that only the helper knows',
      async () => {
        await saveList();
        for (const file of await readdir(files().folder)) {
          if (file.startsWith('record')) await rm(path.join(files().folder, file));
        }
      },
      ['error record-missing SESSION/record.json (safe)', 'info list-behind LIST'],
      /only the helper that runs knows it/,
    ],
    [
      'a checkpoint that is damaged',
      async () => {
        await checkpointed();
        await stop();
        await truncate(files().checkpoint, 100);
      },
      ['warning checkpoint-damaged SESSION/checkpoint.json (safe)'],
      /cannot be used: it is not whole JSON\. The other version of it is sound/,
    ],
    [
      'checkpoints of which none is whole',
      async () => {
        await checkpointed();
        await stop();
        for (const name of ['', '.previous']) await truncate(path.join(files().folder, `checkpoint${name}.json`), 0);
      },
      [
        'warning checkpoint-damaged SESSION/checkpoint.json (safe)',
        'warning checkpoint-damaged SESSION/checkpoint.previous.json (safe)',
      ],
      /it is empty\. There is no other that could be used/,
    ],
    [
      'an environment in a launch file',
      async () => {
        const launch = JSON.parse(await readFile(files().launch, 'utf8'));
        await writeFile(files().launch, JSON.stringify({ ...launch, env: { TOKEN: 'secret' } }));
        await makeOld(files().launch);
      },
      ['warning launch-environment SESSION/launch.json (safe)'],
      /1 variable in it/,
    ],
    [
      'a folder that others may look into',
      () => chmod(places().folder, 0o755),
      ['error state-folder-open REPOSITORY (safe)'],
      /mode is 755; it should be 700/,
    ],
    [
      'a token that others may read',
      () => chmod(path.join(places().stateFolder, 'token'), 0o644),
      ['error token-readable STATE/token (safe)'],
      /mode is 644; it should be 600/,
    ],
    [
      'a storage in which others may replace files',
      () => chmod(storage, 0o777),
      ['warning storage-open STORAGE (safe)'],
      /Its mode is 777/,
    ],
    [
      'a list that others may change',
      () => chmod(list, 0o666),
      ['warning kept-files-open STORAGE (safe)'],
      /sessions\.json is 666/,
    ],
    [
      'a journal that others may read',
      async () => {
        await window.destroy((await window.create({ name: 'gone', worktree: false, command: ['cat'] })).record.id);
        const file = path.join(storage, 'events.journal');
        await waitFor(
          () => stat(file).catch(() => undefined),
          (found) => found !== undefined,
          { what: 'the journal' },
        );
        await chmod(file, 0o644);
      },
      ['warning kept-files-open STORAGE (safe)'],
      /events\.journal is 644/,
    ],
    [
      'a record that others may change',
      () => chmod(files().record, 0o666),
      ['warning kept-files-open REPOSITORY/sessions (safe)'],
      /record\.json is 666/,
    ],
    [
      'a saved session that others may read',
      async () => chmod(path.join(places().savedFolder, `${(await saved().save(login)).id}.json`), 0o644),
      ['warning kept-files-open REPOSITORY/saved (safe)'],
      /\.json is 644/,
    ],
    [
      'a socket folder that others may enter',
      () => chmod(places().socketFolder, 0o755),
      ['error helper-silent REPOSITORY/helper.lock', 'error socket-folder-unsafe SOCKETS (safe)'],
      /with mode 755; it should be yours with 700/,
    ],
    [
      'a list that is gone with its previous version, but not its backups',
      async () => {
        await new Backups({ folder: storage, key: key() }).take('manual', { records: [login], generation: 1 });
        for (const name of ['sessions.json', 'sessions.previous.json']) await rm(path.join(storage, name));
      },
      ['error list-missing LIST (safe)'],
      /There is no previous version of it\. 1 backup beside it/,
    ],
    [
      'a damaged previous version of a list',
      () => writeFile(path.join(storage, 'sessions.previous.json'), '['),
      ['warning previous-damaged LIST (safe)'],
      /first reserve, cannot be used: it is not whole JSON/,
    ],
    [
      'a saved session of which the first copy is damaged',
      async () => damageSaved(`${(await saved().save(login)).id}.json`),
      ['warning saved-copy-damaged REPOSITORY/saved/UUID.json (safe)'],
      /cannot be read \(it is not whole JSON.*; the other one is sound/,
    ],
    [
      'a saved session of which the second copy is gone',
      async () => rm(path.join(places().savedFolder, `${(await saved().save(login)).id}.previous.json`)),
      ['warning saved-copy-damaged REPOSITORY/saved/UUID.previous.json (safe)'],
      /cannot be read \(it is gone\); the other one is sound/,
    ],
    [
      'a worktree whose tag is damaged',
      async () => writeFile(await tagFile(), ''),
      ['warning tag-damaged WORKTREE (safe)'],
      /cannot be used: it is empty\. The record of “login”/,
    ],
    [
      'a worktree whose tag names another command',
      async () => writeFile(await tagFile(), (await readFile(await tagFile(), 'utf8')).replace('"cat"', '"rm"')),
      ['warning tag-damaged WORKTREE (safe)'],
      /cannot be used: its checksum is wrong/,
    ],
    [
      'a worktree whose tag is that of another repository',
      () => changeTag({ key: '0123456789abcdef' }),
      ['warning tag-wrong WORKTREE (safe)'],
      /It names another repository \(0123456789abcdef\)/,
    ],
    [
      'a worktree whose tag of the first builds names another command',
      () => changeTag({ command: ['rm'] }),
      ['warning tag-wrong WORKTREE (safe)'],
      /It names another command/,
    ],
    [
      'a worktree without its tag',
      async () => rm(await tagFile()),
      ['warning tag-missing WORKTREE (safe)'],
      /record of “login” \(\w+\) claims the worktree/,
    ],
    [
      'sockets and locks of processes that were killed',
      () => end(),
      [
        'warning lock-stale REPOSITORY/helper.lock (safe)',
        'warning lock-stale SESSION/host.lock (safe)',
        'warning socket-left SOCKETS/helper (safe)',
        'warning socket-left SOCKETS/host (safe)',
      ],
      /Nobody listens on the socket any more/,
    ],
    [
      'a session that only a list knows',
      async () => {
        await end();
        await rm(places().folder, { recursive: true });
        await removeSockets();
        await registerStorage(places(), storage);
      },
      ['warning session-lost “login” (ID) (safe)'],
      /known to no helper any more.* It is in the session list .*sessions\.json/,
    ],
    [
      'a session whose record is gone with all processes',
      async () => {
        await end();
        for (const name of await readdir(files().folder)) {
          if (/^record|lock$/.test(name)) await rm(path.join(files().folder, name));
        }
        await rm(places().helperLock);
        await removeSockets();
      },
      ['warning session-lost “login” (ID) (safe)'],
      /It is in the session list/,
    ],
    [
      'a session whose list nobody has noted',
      async () => {
        await end();
        await rm(places().folder, { recursive: true });
        await removeSockets();
      },
      ['warning session-lost “login” (ID) (safe)'],
      /known to no helper any more/,
    ],
    [
      'a session that only its worktree knows',
      async () => {
        await end();
        for (const name of ['sessions.json', 'sessions.previous.json']) await rm(path.join(storage, name));
        await rm(places().folder, { recursive: true });
        await removeSockets();
      },
      ['warning session-lost “login” (ID) (safe)'],
      /Its worktree has the tag .*holdfast\.json/,
    ],
  ];
  for (const [what, damage, found, seen] of repaired) {
    it(`finds and repairs ${what}`, async () => {
      await damage();
      const findings = await look();
      const plain = told(findings).map((line) => line.replace(places().stateFolder, 'STATE').replace(uuid, 'UUID'));
      assert.deepEqual(plain, found);
      assert.match(evidence(findings).replaceAll('\n', ' '), seen);
      const outcomes = await applySafeRepairs(findings);
      assert.deepEqual(
        outcomes.map(({ finding, state }) => `${finding.code} ${state}`).sort(),
        findings
          .filter(({ apply }) => apply)
          .map(({ code }) => `${code} done`)
          .sort(),
      );
      const removed = findings.filter(({ code }) => ['lock-stale', 'claim-left', 'socket-left'].includes(code));
      for (const { subject } of removed) await assert.rejects(stat(subject), { code: 'ENOENT' });
      assert.deepEqual(
        told(await look()).filter((line) => !line.startsWith('info')),
        [],
      );
      assert.deepEqual(await sessionsNow(), ['login']);
    });
  }

  /** As the journal of a window’s storage tells them. */
  async function repairsIn(folder: string): Promise<string[]> {
    const sentences: string[] = [];
    for await (const event of new SessionJournal({ folder }).read()) {
      if (event.type === 'repaired' && Array.isArray(event.fields)) sentences.push(...event.fields);
    }
    return sentences;
  }

  it('says what each repair did', async () => {
    await writeFile(list, '');
    await chmod(places().folder, 0o755);
    const outcomes = await fix();
    const what = outcomes.map((outcome) => (outcome.state === 'done' ? outcome.what : String(outcome.error)));
    assert.match(what[0] ?? '', /damaged \(it is empty\): 1 session recovered from its previous version/);
    assert.equal(what[1], 'Its mode is 700 now.');
  });

  it('tells the journals of all windows what was repaired', async () => {
    const other = path.join(await project().newFolder('storages'), 'other');
    await mkdir(other, { recursive: true });
    await registerStorage(places(), other);
    await chmod(places().folder, 0o755);
    await repairAll({ ...window.options, client });
    const told = await Promise.all([storage, other].map(repairsIn));
    const done = `${places().folder}: Its mode is 700 now.`;
    assert.deepEqual(
      told.map((sentences) => sentences.includes(done)),
      [true, true],
    );
  });

  it('brings a session back by a name that is free, whatever a list calls it', async () => {
    await end();
    await rm(places().folder, { recursive: true });
    await removeSockets();
    const elsewhere = await project().newFolder('elsewhere');
    // With a list of its own, a window that opens does not look for lost sessions.
    await writeFile(
      path.join(elsewhere, 'sessions.json'),
      JSON.stringify({ version: '1.0', key: key(), sessions: [] }),
    );
    const namesake = await project().open({ storage: elsewhere });
    await namesake.create({ name: 'login', worktree: false, command: ['cat'] });
    // The list, which nobody has noted, has a newer revision than the tag in the worktree.
    const { outcomes } = await repairAll({ ...namesake.options, storage, client });
    const names = (await namesake.helper.list()).records.map(({ name }) => name).sort();
    const brought = outcomes.filter(({ finding }) => finding.code === 'session-lost').map(({ state }) => state);
    assert.deepEqual([brought, names], [['done'], ['login', 'login-2']]);
  });

  it('repairs what another repair has made possible, too', async () => {
    await end();
    await rm(places().folder, { recursive: true });
    await registerStorage(places(), storage);
    const { findings, outcomes } = await repairAll({ ...window.options, client });
    assert.deepEqual(
      [
        outcomes.map(({ finding, state }) => `${finding.code} ${state}`),
        told(findings).filter((line) => !/^info/.test(line)),
      ],
      [['session-lost done', 'socket-left done', 'socket-left done'], []],
    );
  });

  it('tells how a session that was brought back without its worktree gets one', async () => {
    const { ptyPid: _, exit: __, ...record } = login;
    const worktreePath = path.join(project().folder, '.worktrees', 'other');
    const other = {
      ...record,
      id: randomUUID(),
      name: 'other',
      status: 'idle' as const,
      branch: 'other',
      worktreePath,
    };
    await window.helper.create(other, null);
    const [finding] = (await look()).filter(({ code }) => code === 'worktree-gone');
    assert.deepEqual(
      [finding?.problem, finding?.evidence],
      [
        'The session has no worktree: its creation was cut short, or it was brought back without one.',
        [`There is no ${worktreePath}.`, 'Its branch other is gone, too; its base is main.'],
      ],
    );
  });

  it('tells how far a list is behind in one line, however many sessions it lacks', async () => {
    await saveList();
    const [finding] = (await look()).filter(({ code }) => code === 'list-behind');
    assert.deepEqual(finding?.evidence, ['1 session not in it.']);
  });

  it('takes a backup before it repairs a list', async () => {
    await writeFile(list, '');
    await fix();
    const backups = await new Backups({ folder: storage, key: key() }).list();
    assert.deepEqual(
      backups.map(({ reason, count, state }) => [reason, count, state]),
      [['repair', 1, 'sound']],
    );
  });

  it('takes a backup before it brings a session back', async () => {
    await end();
    await rm(places().folder, { recursive: true });
    await removeSockets();
    await registerStorage(places(), storage);
    await fix();
    const backups = await new Backups({ folder: storage, key: key() }).list();
    assert.deepEqual(
      backups.map(({ reason, count }) => [reason, count]),
      [['repair', 1]],
    );
  });

  it('keeps a damaged record as it was', async () => {
    await writeFile(files().record, '{"format":2');
    await fix();
    const folder = path.join(files().folder, 'quarantine');
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('-record.json'));
    assert.equal(await readFile(path.join(folder, name), 'utf8'), '{"format":2');
  });

  it('leaves of a launch file all but the environment, and one alone that a host may be about to read', async () => {
    const launch = JSON.parse(await readFile(files().launch, 'utf8'));
    await writeFile(files().launch, JSON.stringify({ ...launch, env: { TOKEN: 'secret' } }));
    const fresh = told(await look());
    await makeOld(files().launch);
    await fix();
    assert.deepEqual([fresh, JSON.parse(await readFile(files().launch, 'utf8'))], [[], { ...launch, env: {} }]);
  });

  it('does nothing that is not safe', async () => {
    await chmod(places().folder, 0o755);
    const [finding] = (await look()) as [Diagnosed];
    const outcomes = await applySafeRepairs([{ ...finding, repair: { text: '', isSafe: false } }]);
    assert.deepEqual([outcomes, (await stat(places().folder)).mode & 0o777], [[], 0o755]);
  });

  it('goes on with the other repairs where one fails', async () => {
    await chmod(places().folder, 0o755);
    const findings = await look();
    const [finding] = findings as [Diagnosed];
    const failing = { ...finding, apply: () => Promise.reject(new Error('no')) };
    const outcomes = await applySafeRepairs([failing, finding]);
    assert.deepEqual(
      outcomes.map(({ state }) => state),
      ['failed', 'done'],
    );
  });
});
