import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type {
  Backup,
  ExportedFile,
  ImportedSession,
  ListedSession,
  SavedSession,
  SessionRecord,
} from '../../src/extension/api.ts';
import { commandIds } from '../../src/extension/ids.ts';
import { repositoryPlaces, thisMachine } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import { git } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { useHoldfast, workspaceFolder } from './support/holdfast.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

describe('a saved session', () => {
  const api = useHoldfast();
  afterEach(async () => {
    for (const { id } of await api().listSavedSessions()) await api().deleteSavedSession(id);
  });

  it('is saved, listed, got, loaded and deleted through the API', async () => {
    const record = await create('kept');
    const saved = await api().saveSession(record.id, 'before the holidays');
    const known = [await api().listSavedSessions(), await api().getSavedSession(saved.id)];
    await api().destroySession(record.id);
    const loaded = await api().loadSavedSession(saved.id, { show: false });
    await api().deleteSavedSession(saved.id);
    assert.deepEqual(
      { known, note: saved.note, loaded: essence(loaded), left: await api().listSavedSessions() },
      {
        known: [[saved], saved],
        note: 'before the holidays',
        loaded: { ...essence(record), metadata: { ownsBranch: true, restoredFrom: record.id } },
        left: [],
      },
    );
    assert.equal(existsSync(loaded.worktreePath), true);
  });

  it('is saved, listed, loaded and deleted by commands that ask nothing', async () => {
    const record = await create('by-command');
    const saved = await run<SavedSession>(commandIds.saveSession, { id: record.id, note: 'mine' });
    const listed = await run<ListedSession[]>(commandIds.listSavedSessions, {});
    await api().destroySession(record.id);
    const loaded = await run<SessionRecord>(commandIds.loadSavedSession, { id: saved.id, start: false });
    const deleted = await run<ListedSession>(commandIds.deleteSavedSession, { id: saved.id });
    assert.deepEqual(
      [saved.note, listed, loaded.name, loaded.status, deleted, await api().listSavedSessions()],
      ['mine', [saved], 'by-command', 'idle', saved, []],
    );
  });

  it('stays one session where it lives still', async () => {
    const record = await create('alive');
    const { id } = await api().saveSession(record.id);
    const loaded = await api().loadSavedSession(id, { show: false });
    assert.deepEqual([loaded, api().listSessions()], [record, [record]]);
  });

  it('that is damaged is listed as such, and refused', async () => {
    const { id } = await api().saveSession((await create('torn')).id);
    const { savedFolder } = repositoryPlaces(thisMachine(), (await findWorkplace(workspaceFolder())).key);
    for (const copy of [`${id}.json`, `${id}.previous.json`]) await writeFile(path.join(savedFolder, copy), '{');
    const [listed] = await api().listSavedSessions();
    await assert.rejects(api().loadSavedSession(id), { code: 'DAMAGED_FILE' });
    assert.deepEqual([listed?.state, listed?.id, api().listSessions().length], ['damaged', id, 1]);
  });
});

describe('a backup', () => {
  const api = useHoldfast();

  it('is taken of a session that is destroyed, and restores it through the API', async () => {
    const record = await create('undone');
    await api().destroySession(record.id);
    const backup = await newestBackup();
    const [restored] = await api().restoreBackup(backup.id);
    assert.deepEqual(
      [backup.reason, backup.state, restored?.id, restored?.status, api().getSession(record.id)],
      ['destroy', 'sound', record.id, 'idle', restored],
    );
  });

  it('brings back a session that can be restarted, in a worktree that is made anew', async () => {
    const record = await create('again');
    await api().destroySession(record.id);
    await api().restoreBackup((await newestBackup()).id);
    const wasThere = existsSync(record.worktreePath);
    const { status, worktreePath } = await api().restartSession(record.id);
    assert.deepEqual(
      [wasThere, status, worktreePath, existsSync(worktreePath)],
      [false, 'active', record.worktreePath, true],
    );
  });

  it('restores those sessions that a command names', async () => {
    const [first, second] = [await create('first'), await create('second')];
    await api().destroySession(first.id);
    const { id } = await newestBackup();
    await api().destroySession(second.id);
    const restored = await run<SessionRecord[]>(commandIds.restoreFromBackup, { id, sessionIds: [second.id] });
    assert.deepEqual([names(restored), names(api().listSessions())], [['second'], ['second']]);
  });

  it('that is damaged is listed as such, and refused', async () => {
    const { id: session } = await create('safe');
    await api().destroySession(session);
    const { id, file } = await newestBackup();
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, -20));
    const damaged = await newestBackup();
    await assert.rejects(run(commandIds.restoreFromBackup, { id }), { code: 'DAMAGED_FILE' });
    await rm(file);
    assert.deepEqual([damaged.id, damaged.state, api().listSessions()], [id, 'damaged', []]);
  });

  async function newestBackup(): Promise<Backup> {
    const [backup] = await api().listBackups();
    assert.ok(backup);
    return backup;
  }
});

describe('a file of sessions', () => {
  const api = useHoldfast();
  const temp = useTempDirs();

  it('is exported and imported through the API', async () => {
    const file = path.join(await temp.make(), 'sessions.json');
    const record = await create('travels');
    const exported = await api().exportSessions(file);
    await api().destroySession(record.id);
    const [imported] = await api().importSessions(file);
    const again = await api().importSessions(file);
    assert.deepEqual(
      [exported, imported?.state, imported?.record?.name, imported?.record?.status, again.map(({ state }) => state)],
      [{ file, sessions: 1, leftOut: {} }, 'imported', 'travels', 'idle', ['skipped']],
    );
  });

  it('holds those sessions that a command names; a relative path is one in the folder that is open', async () => {
    const [one, two] = [await create('one'), await create('two')];
    const exported = [
      await run<ExportedFile>(commandIds.exportSession, { id: one.id, file: 'holdfast-test.json' }),
      await run<ExportedFile>(commandIds.exportSessions, {
        file: 'holdfast-test.json',
        sessionIds: [two.id],
        force: true,
      }),
    ];
    for (const { id } of [one, two]) await api().destroySession(id);
    const imported = await run<ImportedSession[]>(commandIds.importSessions, { file: 'holdfast-test.json' });
    const file = path.join(workspaceFolder(), 'holdfast-test.json');
    await rm(file);
    assert.deepEqual(
      [exported.map((result) => [result.file, result.sessions]), imported.map(({ name }) => name)],
      [
        [
          [file, 1],
          [file, 1],
        ],
        ['two'],
      ],
    );
  });

  it('holds no values of variables unless they are asked for', async () => {
    const folder = await temp.make();
    const { id } = await api().newSession({ command: ['cat'], env: { TOKEN: 'secret-value' }, show: false });
    const texts: string[] = [];
    const { leftOut } = await api().exportSessions(path.join(folder, 'without.json'));
    await api().exportSessions(path.join(folder, 'with.json'), { includeEnv: true });
    for (const name of ['without', 'with']) texts.push(await readFile(path.join(folder, `${name}.json`), 'utf8'));
    assert.deepEqual(
      [leftOut, texts.map((text) => text.includes('secret-value'))],
      [{ [id]: ['TOKEN'] }, [false, true]],
    );
  });

  it('that is damaged is refused, and what is sound in it imported where that is asked for', async () => {
    const file = path.join(await temp.make(), 'damaged.json');
    const records = [await create('sound'), await create('broken')];
    await api().exportSessions(file);
    for (const { id } of records) await api().destroySession(id);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"name": "broken"', '"name": "forged"'));
    await assert.rejects(api().importSessions(file), (error: Error & { code?: string; data?: { sound?: unknown } }) => {
      assert.deepEqual([error.code, error.data?.sound], ['DAMAGED_FILE', ['sound']]);
      return true;
    });
    const before = names(api().listSessions());
    const imported = await run<ImportedSession[]>(commandIds.importSessions, { file, salvage: true });
    assert.deepEqual([before, imported.map(({ name }) => name)], [[], ['sound']]);
  });
});

describe('a search for lost sessions', () => {
  const api = useHoldfast();

  for (const [how, rebuild] of [
    ['the API', () => api().rebuildSessions()],
    ['a command that asks nothing', () => run<Rebuilt>(commandIds.rebuildSessions, {})],
  ] as const) {
    it(`proposes a worktree without a tag, and takes nothing in by itself, through ${how}`, async () => {
      const folder = path.join(workspaceFolder(), '.worktrees', 'found');
      await git(workspaceFolder(), 'worktree', 'add', '--quiet', '-b', 'found', folder);
      const { restored, proposals } = await rebuild();
      await git(workspaceFolder(), 'worktree', 'remove', folder);
      await git(workspaceFolder(), 'branch', '-D', 'found');
      assert.deepEqual(
        [restored, proposals.map((proposal) => [proposal.kind, proposal.path]), api().listSessions()],
        [[], [['untagged', folder]], []],
      );
    });
  }

  type Rebuilt = Awaited<ReturnType<ReturnType<typeof api>['rebuildSessions']>>;
});

describe('a refused request about what is kept', () => {
  const api = useHoldfast();
  const nowhere = path.join('no-such-folder', 'sessions.json');

  const refused: [what: string, command: string, argument: object, code: string, text: RegExp][] = [
    ['no session', commandIds.saveSession, { id: unknown }, 'SESSION_NOT_FOUND', /no such session/],
    ['a field that there is not', commandIds.listSavedSessions, { all: true }, 'INVALID_ARGUMENT', /“all”/],
    ['a field that there is not', commandIds.rebuildSessions, { all: true }, 'INVALID_ARGUMENT', /“all”/],
    [
      'a field that there is not',
      commandIds.loadSavedSession,
      { id: unknown, strat: false },
      'INVALID_ARGUMENT',
      /“strat”/,
    ],
    [
      'a field that there is not',
      commandIds.exportSessions,
      { file: 'x.json', sessionsIds: [] },
      'INVALID_ARGUMENT',
      /There is no argument “sessionsIds”/,
    ],
    ['an id that is no text', commandIds.saveSession, { id: 7 }, 'INVALID_ARGUMENT', /^id: /],
    ['a note that is no text', commandIds.saveSession, { id: unknown, note: 7 }, 'INVALID_ARGUMENT', /^note: /],
    ['nothing saved', commandIds.loadSavedSession, { id: unknown }, 'SAVED_SESSION_NOT_FOUND', /no saved session/],
    ['a path for an id', commandIds.loadSavedSession, { id: '../x' }, 'SAVED_SESSION_NOT_FOUND', /no saved session/],
    ['no id', commandIds.loadSavedSession, {}, 'INVALID_ARGUMENT', /^id: /],
    [
      'a start that is no yes or no',
      commandIds.loadSavedSession,
      { id: unknown, start: 'no' },
      'INVALID_ARGUMENT',
      /^start: /,
    ],
    ['nothing saved', commandIds.deleteSavedSession, { id: unknown }, 'SAVED_SESSION_NOT_FOUND', /no saved session/],
    ['no id', commandIds.deleteSavedSession, {}, 'INVALID_ARGUMENT', /^id: /],
    ['no backup', commandIds.restoreFromBackup, { id: 'yesterday' }, 'BACKUP_NOT_FOUND', /no backup “yesterday”/],
    ['no id', commandIds.restoreFromBackup, {}, 'INVALID_ARGUMENT', /^id: /],
    [
      'ids that are no list',
      commandIds.restoreFromBackup,
      { id: 'x', sessionIds: 'x' },
      'INVALID_ARGUMENT',
      /^sessionIds: /,
    ],
    ['no session', commandIds.exportSession, { id: unknown, file: nowhere }, 'SESSION_NOT_FOUND', /no such session/],
    ['no file', commandIds.exportSession, { id: unknown }, 'INVALID_ARGUMENT', /^file: /],
    [
      'no session',
      commandIds.exportSessions,
      { file: nowhere, sessionIds: [unknown] },
      'SESSION_NOT_FOUND',
      /no such session/,
    ],
    ['a file in no folder', commandIds.exportSessions, { file: nowhere }, 'NO_FOLDER', /no-such-folder/],
    ['a file that is there', commandIds.exportSessions, { file: 'file-1.txt' }, 'INVALID_ARGUMENT', /exists already/],
    ['a folder for a file', commandIds.exportSessions, { file: '.', force: true }, 'UNSAFE_FILE', /is no file/],
    ['no file', commandIds.importSessions, { file: nowhere }, 'INVALID_ARGUMENT', /no such file/],
    ['a file of something else', commandIds.importSessions, { file: 'file-1.txt' }, 'DAMAGED_FILE', /is damaged/],
    ['a list of files', commandIds.importSessions, { file: ['x'] }, 'INVALID_ARGUMENT', /^file: /],
  ];
  for (const [what, command, argument, code, text] of refused) {
    it(`names ${what} to the caller of ${command} as ${code}, and changes nothing`, async () => {
      const record = await create('as-it-was');
      await assert.rejects(run(command, argument), { code, message: text });
      const kept = [
        api().listSessions(),
        await api().listSavedSessions(),
        await git(workspaceFolder(), 'status', '-s'),
      ];
      assert.deepEqual(kept, [[record], [], '']);
    });
  }
});

function create(name: string): Promise<SessionRecord> {
  return run(commandIds.newSession, { name, command: ['cat'], show: false });
}

async function run<T>(command: string, argument: unknown): Promise<T> {
  return vscode.commands.executeCommand<T>(command, argument);
}

function names(records: readonly SessionRecord[]): string[] {
  return records.map(({ name }) => name);
}

/** What of a session is to be the same when it comes back. */
function essence({ name, branch, baseBranch, command, metadata }: SessionRecord): Partial<SessionRecord> {
  return { name, branch, baseBranch, command, ...(metadata ? { metadata } : {}) };
}
