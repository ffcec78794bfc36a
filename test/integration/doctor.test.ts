import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import type { Diagnosed, DoctorContext } from '../../src/client/doctor/doctorContext.ts';
import { applySafeRepairs, repairAll, runDoctor } from '../../src/client/doctor/runDoctor.ts';
import { SavedSessions } from '../../src/client/savedSessions.ts';
import { SessionJournal } from '../../src/client/sessionJournal.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { isSound } from '../../src/core/diagnosis.ts';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { revise } from '../../src/core/sessionRecord.ts';
import { creationLockFile } from '../../src/node/creationLocks.ts';
import { EventJournal } from '../../src/node/eventJournal.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces, thisMachine } from '../../src/node/places.ts';
import { identify } from '../../src/node/processIdentity.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { dist, machine, processEnd } from './support/scene.ts';

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };

describeOnUnix('the doctor', () => {
  const project = useProject();
  let window: SessionManager;
  let storage: string;
  let list: string;
  let login: SessionRecord;
  beforeEach(async () => {
    storage = await project().newFolder('storage');
    window = await project().open({ storage });
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
    list = path.join(storage, 'sessions.json');
    await registerStorage(places(), storage);
  });

  const key = () => window.options.workplace.key;
  const places = () => repositoryPlaces(machine, key());
  const files = (): SessionPlaces => sessionPlaces(machine, key(), login.id);
  const look = () => runDoctor({ ...window.options, client });
  const fix = async () => applySafeRepairs(await look());
  /** Every process ends without a word, and what they had written stays. */
  const end = async (): Promise<void> => {
    window.dispose();
    const pids = [await helperPid(window), ...(await hostPids(window))];
    for (const pid of pids) signal(pid, 'SIGKILL');
    await Promise.all(pids.map(processEnd));
  };
  const endHelper = async (): Promise<void> => {
    const pid = await helperPid(window);
    window.dispose();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
  };
  const tagFile = async () =>
    path.join(await git(login.worktreePath, 'rev-parse', '--absolute-git-dir'), 'holdfast.json');
  /** As the first builds wrote it, without a checksum. */
  const changeTag = async (fields: object): Promise<void> => {
    const { sha256: _, ...tag } = JSON.parse(await readFile(await tagFile(), 'utf8'));
    await writeFile(await tagFile(), JSON.stringify({ ...tag, ...fields }));
  };
  const saved = () => new SavedSessions({ folder: places().savedFolder, workplace: window.options.workplace });
  const damageSaved = (name: string) => writeFile(path.join(places().savedFolder, name), '{');
  const putList = (...sessions: unknown[]) => writeFile(list, JSON.stringify({ version: '1.0', key: key(), sessions }));
  /** As serialized by a window that is open now. */
  const saveList = (...records: SessionRecord[]) =>
    writeFile(list, serializeRegistry({ key: key(), generation: 1, savedAt: new Date(), records }));
  const deadOwner = async () =>
    JSON.stringify({ ...(await identify(process.pid)), startTime: 'earlier', host: hostname(), nonce: randomUUID() });
  const makeOld = (file: string) => utimes(file, 1_000_000_000, 1_000_000_000);
  /** A line for each finding, with the places that differ from run to run replaced. */
  const told = (findings: readonly Diagnosed[]): string[] => {
    const names: [string, string][] = [
      [list, 'LIST'],
      [storage, 'STORAGE'],
      [files().folder, 'SESSION'],
      [places().folder, 'REPOSITORY'],
      [places().socketFolder, 'SOCKETS'],
      [login.worktreePath, 'WORKTREE'],
      [login.id.slice(0, 8), 'ID'],
    ];
    return findings.map(({ severity, code, subject, repair, apply }) => {
      const plain = names.reduce((text, [name, short]) => text.replaceAll(name, short), subject);
      return `${severity} ${code} ${plain.replace(/-[0-9a-f]{16}\.sock$/, '')}${repair?.isSafe && apply ? ' (safe)' : ''}`;
    });
  };
  const evidence = (findings: readonly Diagnosed[]) =>
    findings.map((finding) => [finding.problem, ...finding.evidence].join(' ')).join('\n');

  it('finds nothing where all is well, while the helper runs and while none does', async () => {
    const running = told(await look());
    await window.stop(login.id);
    window.dispose();
    await endHelperPolitely();
    assert.deepEqual([running, told(await look())], [[], []]);
  });

  async function endHelperPolitely(): Promise<void> {
    const pid = await helperPid(window);
    signal(pid, 'SIGTERM');
    await processEnd(pid);
  }

  it('tells of a process that a session has left behind, and leaves it alone', async () => {
    const pidFile = path.join(storage, 'daemon');
    const daemon = `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 603' & until [ -s ${pidFile} ]; do sleep 0.05; done`;
    const { record } = await window.create({ name: 'build', worktree: false, command: ['sh', '-c', daemon] });
    const left = () => look().then((findings) => findings.filter(({ code }) => code === 'process-left'));
    const [finding] = await waitFor(left, (found) => found.length > 0, { what: 'the process to be told of' });
    const pid = Number(await readFile(pidFile, 'utf8'));
    signal(pid, 'SIGKILL');
    assert.deepEqual(
      [finding?.subject, finding?.evidence, finding?.repair?.isSafe],
      [`“build” (${record.id.slice(0, 8)})`, [`Process ${pid}: sleep 603.`], false],
    );
  });

  it('leaves the damaged checkpoint of a session that runs to its host', async () => {
    await checkpointed();
    await writeFile(files().checkpoint, '{');
    assert.deepEqual(told(await look()), ['warning checkpoint-damaged SESSION/checkpoint.json']);
  });

  /** The session’s host has begun to keep them. */
  const checkpointed = () => waitFor(() => exists(files().checkpoint));

  it('changes nothing and starts no helper', async () => {
    await end();
    await writeFile(list, '{"version":');
    const before = await listing(places().folder, storage);
    const findings = await look();
    assert.deepEqual(await listing(places().folder, storage), before);
    assert.equal(isSound(findings), false);
    await fix();
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
        await window.stop(login.id);
        await truncate(files().checkpoint, 100);
      },
      ['warning checkpoint-damaged SESSION/checkpoint.json (safe)'],
      /cannot be used: it is not whole JSON\. The other version of it is sound/,
    ],
    [
      'checkpoints of which none is whole',
      async () => {
        await checkpointed();
        await window.stop(login.id);
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

  async function removeSockets(): Promise<void> {
    for (const socket of [files().socket, places().helperSocket]) await rm(socket, { force: true });
  }

  /** What a window shows that opens now. */
  async function sessionsNow(): Promise<string[]> {
    const next = await project().open({ storage });
    return next.list().map(({ name }) => name);
  }

  /** Once the window has saved what it was told. */
  const windowHas = (wanted: RegExp) =>
    waitFor(
      () => readFile(list, 'utf8'),
      (text) => wanted.test(text),
      { what: 'the list to be saved' },
    );

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
        await window.stop(login.id);
        await writeFile(files().host, '{');
      },
      ['warning host-file-damaged SESSION/host.json'],
      /does not name a host/,
    ],
    [
      'a session whose worktree is gone',
      async () => {
        await window.stop(login.id);
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
        await window.stop(login.id);
        await project().git('worktree', 'move', login.worktreePath, path.join(project().folder, '.worktrees', 'moved'));
      },
      ['warning worktree-moved PROJECT/.worktrees/moved'],
      /Its tag names “login”/,
    ],
    [
      'a worktree that a killed window has left',
      async () => {
        await window.helper.delete(await window.stop(login.id));
        await windowHas(/"deletedAt"/);
      },
      ['warning worktree-left WORKTREE'],
      /“login” \(\w+\) was destroyed at .* no uncommitted, untracked or ignored files/,
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

  it('never ends a host whose session was destroyed, and tells how to', async () => {
    const [host = 0] = await hostPids(window);
    await endHelper();
    await writeFile(
      files().record,
      serializeRecord(revise(login, { deletedAt: new Date().toISOString(), ptyPid: undefined })),
    );
    const outcomes = await fix();
    const findings = await look();
    const [finding] = findings.filter(({ code }) => code === 'host-orphan');
    const lives = isAlive(host);
    signal(login.ptyPid ?? 0, 'SIGKILL');
    await processEnd(host);
    assert.deepEqual(
      [lives, outcomes.some(({ finding: { code } }) => code === 'host-orphan'), told(findings)],
      [true, false, ['error host-orphan SESSION', 'info worktree-kept WORKTREE']],
    );
    assert.match(
      finding?.evidence.join(' ') ?? '',
      new RegExp(`Host process ${host} runs process ${login.ptyPid} since`),
    );
    assert.match(finding?.repair?.text ?? '', /kill -HUP \d+/);
  });

  it('tells of a helper that does not answer, and leaves it alone', async () => {
    const pid = await helperPid(window);
    signal(pid, 'SIGSTOP');
    try {
      const findings = await look();
      assert.deepEqual(told(findings), ['error helper-silent REPOSITORY/helper.lock']);
      assert.match(evidence(findings), new RegExp(`Its process is ${pid}\\.`));
    } finally {
      signal(pid, 'SIGCONT');
    }
  });

  it('backs the lists up before it repairs anything', async () => {
    await writeFile(files().record, '{"format":2');
    await repairAll({ ...window.options, client });
    const taken = await new Backups({ folder: storage, key: key() }).list();
    assert.deepEqual(
      taken.map(({ reason, count, state }) => [reason, count, state]),
      [['repair', 1, 'sound']],
    );
  });

  it('tells of a check that cannot be made, and makes the others', async () => {
    await chmod(places().folder, 0o755);
    await rm(places().sessionsFolder, { recursive: true });
    await writeFile(path.join(storage, 'backups'), '');
    const findings = await look();
    const failed = findings.filter(({ code }) => code === 'check-failed').map(({ subject }) => subject);
    assert.deepEqual([failed, findings.some(({ code }) => code === 'state-folder-open')], [['backups'], true]);
  });
});

describeOnUnix('the doctor of a folder', () => {
  const plain = useProject('folder');
  const repository = useProject();

  const contextOf = async (folder: string, state?: string): Promise<DoctorContext> => ({
    machine: thisMachine({ ...process.env, ...(state === undefined ? {} : { HOLDFAST_STATE_DIR: state }) }),
    workplace: await findWorkplace(folder),
    settings: () => ({ worktreesFolder: '.worktrees' }),
    dist,
    client,
  });

  it('without git finds nothing where its sessions are sound', async () => {
    const window = await plain().open();
    await window.create({ name: 'one', worktree: false, command: ['cat'] });
    assert.deepEqual(await runDoctor(await contextOf(plain().folder)), []);
  });

  it('without sessions finds nothing, and makes nothing', async () => {
    const context = await contextOf(repository().folder, path.join(await repository().newFolder('state'), 'none'));
    const findings = await runDoctor(context);
    const { stateFolder } = repositoryPlaces(context.machine, context.workplace.key);
    await assert.rejects(stat(stateFolder), { code: 'ENOENT' });
    assert.deepEqual(findings, []);
  });

  it('tells of a state folder that cannot be written', async () => {
    const state = path.join(await repository().newFolder('state'), 'file');
    await writeFile(state, '');
    const findings = await runDoctor(await contextOf(repository().folder, state));
    assert.deepEqual(
      findings.filter(({ subject }) => subject === state).map(({ code, evidence }) => [code, ...evidence]),
      [['state-folder-unwritable', 'A file is in its place.']],
    );
  });

  it('tells of a window’s storage that cannot be written', async () => {
    const context = await contextOf(repository().folder, path.join(await repository().newFolder('state'), 'none'));
    const storage = path.join(await repository().newFolder('storage'), 'file');
    await writeFile(storage, '');
    const findings = await runDoctor({ ...context, storage });
    assert.deepEqual(
      findings.filter(({ subject }) => subject === storage).map(({ code, evidence }) => [code, ...evidence]),
      [['storage-unwritable', 'A file is in its place.']],
    );
  });

  it('looks at 200 sessions in less than two seconds', async () => {
    const {
      machine: host,
      workplace,
      ...rest
    } = await contextOf(repository().folder, await repository().newFolder('state'));
    const context = { machine: host, workplace, ...rest };
    const storage = await repository().newFolder('storage');
    await fill(context, storage, 200);
    const start = performance.now();
    const findings = await runDoctor(context);
    const elapsed = performance.now() - start;
    assert.deepEqual(findings, []);
    assert.ok(elapsed < 2_000, `${Math.round(elapsed)} ms`);
  });

  /** Sessions with a record, a screen and a worktree each, as they are when the machine was switched off. */
  async function fill({ machine: host, workplace }: DoctorContext, storage: string, count: number): Promise<void> {
    const { key, root } = workplace;
    const records = Array.from({ length: count }, (_, number) => idleSession(number, root));
    for (const record of records) {
      const { record: file, folder } = sessionPlaces(host, key, record.id);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(file, serializeRecord(record), { mode: 0o600 });
    }
    await chmod(repositoryPlaces(host, key).folder, 0o700);
    await writeFile(
      path.join(storage, 'sessions.json'),
      serializeRegistry({ key, generation: 1, savedAt: new Date(), records }),
      { mode: 0o600 },
    );
    await new Backups({ folder: storage, key }).take('manual', { records, generation: 1 });
    await registerStorage(repositoryPlaces(host, key), storage);
  }
});

function idleSession(number: number, root: string): SessionRecord {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    name: `session-${number}`,
    status: 'idle',
    branch: '',
    baseBranch: '',
    worktreePath: root,
    createdAt: now,
    lastActivity: now,
    template: 'shell',
    command: null,
    policy: { retry: 'onCrash' },
    attempts: 0,
    revision: 1,
  };
}

/** Every file of some folders with what is in it, but for what running processes write at any time. */
/** What hosts and windows write of their own accord while they live. */
function isHostsOwn(name: string): boolean {
  return /^checkpoint|^host\.json$|transcript|screen|(storage|events)\.lock$|\.log/.test(name);
}

async function listing(...folders: string[]): Promise<string[]> {
  const lines: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((item) => item.isFile() && !isHostsOwn(item.name))) {
      const file = path.join(entry.parentPath, entry.name);
      lines.push(`${file} ${await readFile(file, 'utf8').catch(() => '')}`);
    }
  }
  return lines.sort();
}
