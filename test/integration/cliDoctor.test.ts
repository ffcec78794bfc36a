import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import { SavedSessions } from '../../src/client/savedSessions.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { exportSessions } from '../../src/client/sessionTransfer.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { EventJournal } from '../../src/node/eventJournal.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { CliTerminal, runCli } from './support/cli.ts';
import { helperPid, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

interface Report {
  repository: string;
  repairs?: { code: string; state: string }[];
  findings: { code: string; severity: string; repair?: { isSafe: boolean } }[];
  counts: Record<string, number>;
}

describeOnUnix('holdfast doctor', () => {
  const project = useProject();
  let window: SessionManager;
  let storage: string;
  let list: string;
  beforeEach(async () => {
    storage = await project().newFolder('storage');
    list = path.join(storage, 'sessions.json');
    window = await project().open({ storage });
    await window.create({ name: 'login', command: ['cat'] });
    await registerStorage(repositoryPlaces(machine, window.options.workplace.key), storage);
  });

  const doctor = (...args: string[]) => runCli(project().folder, 'doctor', ...args);
  const report = async (...args: string[]): Promise<Report> => JSON.parse((await doctor('--json', ...args)).stdout);

  it('says that all is sound, and what it has looked at', async () => {
    assert.deepEqual(await doctor(), {
      code: 0,
      stdout: [
        `Looked at ${project().folder}:`,
        '  permissions, session lists, backups, saved sessions, notes about destroyed sessions, event journals, locks, sockets, host directories, worktrees, hosts, health, leftovers.',
        '',
        'All is sound.',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('tells what is wrong, what was seen and what would be done, and exits with 1', async () => {
    await writeFile(list, '');
    const { code, stdout, stderr } = await doctor();
    assert.deepEqual(
      [code, stdout.split('\n').slice(3), stderr],
      [
        1,
        [
          'Errors',
          `  ${list} (list-damaged)`,
          '    The session list cannot be trusted: it is empty.',
          '      0 sessions in it sound still.',
          '      Its previous version is sound: 1 entry.',
          '    Repair: Keep the file in quarantine, and save the list anew from its sound parts, its previous version and backups.',
          '',
          '1 error. “holdfast doctor --fix” does the repairs that are safe.',
          '',
        ],
        '',
      ],
    );
  });

  it('repairs what is safe, says what it did, and exits as the second look finds', async () => {
    await writeFile(list, '');
    const { code, stdout } = await doctor('--fix');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\nRepairs\n {2}\S+sessions\.json \(list-damaged\)\n {4}The session list .* 1 session recovered from/,
    );
    assert.match(stdout, /\nAll is sound: \d notes?\.\n$/);
    const { sessions } = JSON.parse(await readFile(list, 'utf8'));
    assert.deepEqual(
      sessions.map(({ name }: SessionRecord) => name),
      ['login'],
    );
  });

  it('exits with 1 where something stays that it must not touch', async () => {
    await writeFile(list, '');
    await rm(path.join(storage, 'sessions.previous.json'));
    await mkdir(path.join(repositoryPlaces(machine, window.options.workplace.key).sessionsFolder, 'nobody'));
    const { code, stdout } = await doctor('--fix');
    assert.equal(code, 1);
    assert.match(stdout, /session-folder-orphan/);
    assert.match(stdout, /\(for you to decide\)\n/);
  });

  it('prints the same as JSON', async () => {
    await writeFile(list, '');
    const first = await report();
    const second = await report('--fix');
    const codes = ({ findings }: Report) =>
      findings.map(({ code, severity, repair }) => [code, severity, repair?.isSafe]);
    assert.deepEqual(
      [first.repository, codes(first), first.counts, first.repairs],
      [project().folder, [['list-damaged', 'error', true]], { error: 1, warning: 0, info: 0 }, undefined],
    );
    assert.deepEqual(
      [second.repairs?.map(({ code, state }) => [code, state]), second.counts.error],
      [[['list-damaged', 'done']], 0],
    );
  });

  it('starts no helper and changes nothing without --fix', async () => {
    const pid = await helperPid(window);
    window.dispose();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    await writeFile(list, '');
    const before = await contents(storage);
    const { code } = await doctor();
    assert.deepEqual([code, await helperPid(window), await contents(storage)], [1, pid, before]);
  });

  it('exits with 2 where an area could not be looked at', async () => {
    await writeFile(path.join(storage, 'backups'), '');
    const { code, stdout } = await doctor();
    assert.equal(code, 2);
    assert.match(stdout, /The backups could not be looked at\./);
  });

  it('exits with 2 where it cannot look', async () => {
    const folder = await project().newFolder('broken');
    await writeFile(path.join(folder, '.git'), 'no link');
    const { code, stdout, stderr } = await runCli(folder, 'doctor');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^holdfast: .*\(GIT_FAILED\)\n$/);
  });

  it('exits with 0 in a folder without git and without sessions', async () => {
    assert.equal((await runCli(await project().newFolder('empty'), 'doctor')).code, 0);
  });
});

describeOnUnix('holdfast validate', () => {
  const project = useProject();
  let window: SessionManager;
  let storage: string;
  let login: SessionRecord;
  beforeEach(async () => {
    storage = await project().newFolder('storage');
    window = await project().open({ storage });
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  const validate = (...args: string[]) => runCli(project().folder, 'validate', ...args);
  /** Exit code, kind, checksum, counts and problems as one line. */
  const told = async (file: string): Promise<string> => {
    const { code, stdout } = await validate('--json', file);
    const { kind, checksum, counts, problems } = JSON.parse(stdout);
    const found = problems.map(({ where, problem }: { where: string; problem: string }) => `${where}: ${problem}`);
    return [code, kind, checksum ?? '-', JSON.stringify(counts), ...found].join(' ');
  };
  const files = () => sessionPlaces(machine, window.options.workplace.key, login.id);
  const copy = async (file: string, change: (text: string) => string = (text) => text): Promise<string> => {
    const folder = path.join(await project().newFolder('copy'), path.basename(path.dirname(file)));
    await mkdir(folder);
    await copyFile(file, path.join(folder, path.basename(file)));
    await writeFile(path.join(folder, path.basename(file)), change(await readFile(file, 'utf8')));
    return path.join(folder, path.basename(file));
  };

  const checkpoint = async () => {
    await waitFor(() => exists(files().checkpoint));
    return files().checkpoint;
  };

  it('tells of a checkpoint whose screen has changed, also under another name', async () => {
    const changed = await copy(await checkpoint(), (text) => text.replace('"cols": ', '"cols": 1'));
    const renamed = path.join(path.dirname(changed), 'mine.json');
    await copyFile(changed, renamed);
    assert.deepEqual(
      [await told(changed), await told(renamed)],
      Array(2).fill('1 checkpoint wrong {} : its checksum is wrong'),
    );
  });

  const kinds: [what: string, make: () => Promise<string>, expected: string][] = [
    [
      'a session list',
      async () => path.join(storage, 'sessions.json'),
      '0 sessionList right {"sessions":1,"destroyed":0}',
    ],
    [
      'a backup',
      async () => {
        const { key } = window.options.workplace;
        const taken = await new Backups({ folder: storage, key }).take('manual', { records: [login], generation: 1 });
        return taken?.file ?? '';
      },
      '0 backup right {"sessions":1,"destroyed":0}',
    ],
    [
      'an export',
      async () => {
        const file = path.join(storage, 'mine.json');
        await writeFile(file, (await exportSessions(window.options.workplace, [login])).text);
        return file;
      },
      '0 export right {"sessions":1,"destroyed":0}',
    ],
    ['a session’s record', async () => files().record, '0 record right {"sessions":1}'],
    [
      'a saved session',
      async () => {
        const { savedFolder: folder } = repositoryPlaces(machine, window.options.workplace.key);
        const { id } = await new SavedSessions({ folder, workplace: window.options.workplace }).save(login);
        return path.join(folder, `${id}.json`);
      },
      '0 saved right {"sessions":1}',
    ],
    [
      'a journal',
      async () => {
        const folder = await project().newFolder('journal');
        const journal = new EventJournal({ folder });
        const at = new Date().toISOString();
        journal.append([1, 2].map((count) => ({ type: 'backupTaken', at, file: 'a', count })));
        await journal.close();
        return path.join(folder, 'events.journal');
      },
      '0 journal right {"events":2}',
    ],
    ['a host’s file', async () => files().host, '0 host - {}'],
    ['a launch file', async () => files().launch, '0 launch - {}'],
    ['a checkpoint', checkpoint, '0 checkpoint right {}'],
    [
      'a worktree’s tag',
      async () => path.join(await git(login.worktreePath, 'rev-parse', '--absolute-git-dir'), 'holdfast.json'),
      '0 tag right {}',
    ],
  ];
  for (const [what, make, expected] of kinds) {
    it(`knows ${what}, and that it is sound`, async () => {
      assert.equal(await told(await make()), expected);
    });

    it(`tells of ${what} that was cut off`, async () => {
      const file = await copy(await make(), (text) => text.slice(0, -20));
      assert.match(await told(file), new RegExp(`^1 ${expected.split(' ')[1]} .*(not whole JSON|cut off)`));
    });
  }

  const damages: [what: string, change: (text: string) => string, expected: RegExp][] = [
    [
      'a name that has changed',
      (text) => text.replace('"name": "login"', '"name": "logon"'),
      /^1 sessionList wrong \{"sessions":1,"destroyed":0\} : its checksum is wrong session 1 \(“logon”\): it is not as it was written$/,
    ],
    [
      'a session that cannot be read, and a count that is wrong',
      (text) => {
        const { version, key, sessions } = JSON.parse(text);
        return JSON.stringify({ version, key, count: 7, sessions: [...sessions, { id: 'x' }, sessions[0]] });
      },
      /^1 sessionList none \{"sessions":3,"destroyed":0\} count: it says 7, and there are 3 session 2: it cannot be read: .* session 3 \(“login”\): a session before it has the same id$/,
    ],
    [
      'an entry that needs repair',
      (text) => {
        const { version, sessions } = JSON.parse(text);
        return JSON.stringify({ version, sessions: [{ ...sessions[0], status: 'done' }] });
      },
      /^1 sessionList none .* session 1 \(“login”\): it needs repair: the unknown status "done" became completed$/,
    ],
    [
      'a relative path',
      (text) => {
        const { version, sessions } = JSON.parse(text);
        return JSON.stringify({ version, sessions: [{ ...sessions[0], worktreePath: 'relative/x' }] });
      },
      /: it needs repair: the relative path relative\/x became REPOSITORY\/relative\/x$/,
    ],
    [
      'a newer version',
      (text) =>
        JSON.stringify({ ...JSON.parse(text), version: '3.0', format: undefined, sums: undefined, sha256: undefined }),
      /^1 sessionList none .* : a newer version of Holdfast wrote it \(3\.0, format 1\)/,
    ],
  ];
  for (const [what, change, expected] of damages) {
    it(`tells of ${what} in a session list, and where`, async () => {
      assert.match(await told(await copy(path.join(storage, 'sessions.json'), change)), expected);
    });
  }

  it('tells the line of a journal’s damaged record', async () => {
    const folder = await project().newFolder('journal');
    const journal = new EventJournal({ folder });
    const at = new Date().toISOString();
    journal.append([1, 2, 3].map((count) => ({ type: 'backupTaken', at, file: 'a', count })));
    await journal.close();
    const file = path.join(folder, 'events.journal');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"count":2', '"count":9'));
    assert.equal(await told(file), '1 journal wrong {"events":2} line 2: the record’s length or checksum is wrong');
  });

  it('prints what it found for a person', async () => {
    const file = path.join(storage, 'sessions.json');
    const { code, stdout } = await validate(file);
    const lines = [file, '  session list; format 2, its checksum is right, sessions: 1, destroyed: 0', 'Sound.', ''];
    assert.deepEqual([code, stdout], [0, lines.join('\n')]);
  });

  it('tells of a file that is none of its own', async () => {
    const file = path.join(project().folder, 'file-1.txt');
    const { code, stdout } = await validate(file);
    assert.equal(code, 1);
    assert.match(stdout, /unknown kind of file\n {2}This is not one of the files that can be checked/);
  });

  it('tells what to do about a folder, and about a shell whose own folder is gone', async () => {
    const gone = path.join(storage, 'gone');
    await mkdir(gone);
    const folder = await validate(storage);
    const terminal = new CliTerminal(gone, ['validate', 'e.json'], { before: 'rmdir "$PWD"' });
    await terminal.exit();
    assert.match(folder.stderr, /is no regular file\. Name a file that Holdfast writes\. \(UNSAFE_FILE\)/);
    assert.match(terminal.output, /does not exist any more[^]*\(NO_FOLDER\)/);
  });

  it('exits with 2 where there is no such file, or it is a folder', async () => {
    const results = [await validate(path.join(storage, `${randomUUID()}.json`)), await validate(storage)];
    assert.deepEqual(
      results.map(({ code, stdout, stderr }) => [code, stdout, /\((\w+)\)\n$/.exec(stderr)?.[1]]),
      [
        [2, '', 'INVALID_ARGUMENT'],
        [2, '', 'UNSAFE_FILE'],
      ],
    );
  });
});

/** Every file below a folder with what is in it. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (file) => `${file} ${await readFile(file, 'utf8')}`));
}
