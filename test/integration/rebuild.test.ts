import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { acceptProposal, rebuild } from '../../src/client/rebuild.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import type { RebuildPlan } from '../../src/core/rebuildPlan.ts';
import type { Proposal } from '../../src/core/rebuildProposals.ts';
import { exists } from '../../src/node/exists.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, useProject, type WindowOptions } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describe('rebuilding a registry that was lost', () => {
  const project = useProject();
  let window: SessionManager;
  let login: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
  });

  const places = () => repositoryPlaces(machine, window.options.workplace.key);
  /** The power goes: the processes end, and what they had written stays. */
  const end = async (): Promise<void> => {
    window.dispose();
    const pids = [await helperPid(window), ...(await hostPids(window))];
    for (const pid of pids) signal(pid, 'SIGKILL');
    await Promise.all(pids.map(processEnd));
    // A host that was killed leaves its socket, and nobody will know of it.
    for (const { id } of window.list()) await rm(sessionPlaces(machine, places().key, id).socket, { force: true });
  };
  /** A window that does not look for sessions by itself, for it has a list, which is empty. */
  const openEmpty = async (options: WindowOptions = {}): Promise<SessionManager> => {
    const storage = await project().newFolder('storage');
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify({ version: '1.0', sessions: [] }));
    return project().open({ storage, ...options });
  };
  /** What the user has besides the worktrees is gone; another window opens. */
  const lose = async (): Promise<SessionManager> => {
    await end();
    await rm(places().folder, { recursive: true });
    return openEmpty();
  };
  const planIn = (manager: SessionManager, known = manager.list()): Promise<RebuildPlan> =>
    rebuild(manager.options, { known });
  const accept = async (manager: SessionManager, proposal?: Proposal): Promise<SessionRecord> => {
    assert.ok(proposal);
    return (await acceptProposal({ ...manager.options, helper: manager.helper }, proposal)).record;
  };
  const tagOf = async (folder: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(await tagFile(folder), 'utf8'));

  it('brings sessions back from the tags of their worktrees', async () => {
    const other = (await window.create({ name: 'shop', branch: 'topic', cwd: '.' })).record;
    const lost = await lose();
    const { sessions, proposals } = await planIn(lost, []);
    assert.deepEqual(
      [sessions.map(({ record, from }) => [essence(record), from.kind]), proposals],
      [[login, other].map((record) => [essence(record), 'tag']), []],
    );
  });

  it('makes sessions that run again where they ran', async () => {
    const { sessions } = await planIn(await lose(), []);
    const storage = await project().newFolder('storage');
    const content = { version: '1.0', sessions: sessions.map(({ record }) => record) };
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify(content));
    const { record } = await (await project().open({ storage })).restart(login.id);
    const { id, status, worktreePath } = record;
    assert.deepEqual([id, status, worktreePath], [login.id, 'active', login.worktreePath]);
  });

  it('brings sessions back from the folders that they keep', async () => {
    await end();
    await rm(window.options.storage, { recursive: true });
    const { sessions } = await rebuild(window.options, { known: [] });
    const file = path.join(places().sessionsFolder, login.id, 'record.json');
    assert.deepEqual(sessions, [{ record: login, from: { kind: 'sessionFolder', path: file } }]);
  });

  it('brings sessions back from the copies that their hosts keep', async () => {
    const folder = path.join(places().sessionsFolder, login.id);
    const file = path.join(folder, 'checkpoint.json');
    await waitFor(() => exists(file));
    await end();
    await rm(window.options.storage, { recursive: true });
    for (const name of await readdir(folder)) if (name.startsWith('record')) await rm(path.join(folder, name));
    const { sessions } = await rebuild(window.options, { known: [] });
    assert.deepEqual(
      sessions.map(({ record: { id, name }, from }) => ({ id, name, from })),
      [{ id: login.id, name: login.name, from: { kind: 'sessionFolder', path: file } }],
    );
  });

  for (const [where, noted] of [
    ['beside its own', false],
    ['anywhere, if it was noted', true],
  ] as const) {
    it(`brings sessions back from the storage of another window, ${where}`, async () => {
      const storages = await project().newFolder('workspaceStorage');
      const [theirs, own] = ['hash', 'hash-1'].map((name) => path.join(storages, name, 'holdfast')) as [string, string];
      const second = await project().open({ storage: theirs });
      await second.rename(login.id, 'sign-in');
      const renamed = second.require(login.id);
      second.dispose();
      const lost = await lose();
      const storage = noted ? await project().newFolder('storage') : own;
      if (noted) await registerStorage(places(), theirs);
      const { sessions } = await rebuild({ ...lost.options, storage }, { known: [] });
      const [found] = sessions;
      assert.deepEqual([found?.record, found?.from.kind], [renamed, 'replica']);
    });
  }

  it('brings no destroyed session back', async () => {
    await writeFile(path.join(login.worktreePath, 'work.txt'), 'work');
    await window.destroy(login.id);
    const plan = await planIn(window, []);
    assert.deepEqual(plan, { sessions: [], proposals: [] });
    const { proposals } = await rebuild(window.options, { known: [], withKept: true });
    assert.deepEqual(kinds(proposals), [['kept', login.worktreePath]]);
  });

  it('finds nothing new while all is well', async () => {
    assert.deepEqual(await planIn(window, [login]), { sessions: [], proposals: [] });
  });

  it('finds the worktrees in a folder that is a link', async () => {
    await symlink(await project().newFolder('real'), path.join(project().folder, 'link'));
    const settings = { worktreesFolder: 'link' };
    const { record } = await (await project().open({ settings })).create({ name: 'linked', command: ['cat'] });
    await lose();
    const { sessions, proposals } = await planIn(await openEmpty({ settings }), []);
    assert.deepEqual(
      [sessions.map(({ record: { worktreePath } }) => worktreePath), proposals],
      [[login.worktreePath, record.worktreePath], []],
    );
  });

  const doubts: [what: string, make: () => Promise<string>, kind: string, seen: RegExp][] = [
    [
      'moved',
      async () => {
        const folder = path.join(project().folder, '.worktrees', 'moved');
        await project().git('worktree', 'move', '-f', '-f', login.worktreePath, folder);
        return folder;
      },
      'moved',
      /tagged in another place: .*login-/,
    ],
    [
      'locked',
      async () => {
        await project().git('worktree', 'unlock', login.worktreePath);
        await project().git('worktree', 'lock', '--reason', 'on a stick', login.worktreePath);
        return login.worktreePath;
      },
      'locked',
      /It is locked: on a stick\./,
    ],
    [
      'gone',
      async () => {
        await rename(login.worktreePath, `${login.worktreePath}-away`);
        return login.worktreePath;
      },
      'prunable',
      /Git would forget it: .* Its folder is gone\./,
    ],
    [
      'on another branch',
      async () => {
        await git(login.worktreePath, 'switch', '--quiet', '-c', 'topic');
        return login.worktreePath;
      },
      'otherBranch',
      /branch topic checked out.* made on the branch feature\/login/,
    ],
    [
      'without a tag',
      async () => {
        await rm(await tagFile(login.worktreePath));
        return login.worktreePath;
      },
      'untagged',
      /has no tag/,
    ],
    [
      'with a damaged tag',
      async () => {
        await writeFile(await tagFile(login.worktreePath), '{"id":');
        return login.worktreePath;
      },
      'unreadableTag',
      /holdfast\.json cannot be used: it is not whole JSON\./,
    ],
    [
      'with the tag of another repository',
      async () => {
        const file = await tagFile(login.worktreePath);
        // As the first builds wrote it, without a checksum.
        const { sha256: _, ...own } = await tagOf(login.worktreePath);
        const tag = { ...own, key: '0123456789abcdef' };
        await writeFile(file, JSON.stringify(tag));
        return login.worktreePath;
      },
      'foreignTag',
      /names another repository \(0123456789abcdef\)/,
    ],
  ];
  for (const [what, make, kind, seen] of doubts) {
    it(`only proposes a worktree that is ${what}, and changes nothing`, async () => {
      const lost = await lose();
      const folder = await make();
      const before = await project().traces(lost);
      const { sessions, proposals } = await planIn(lost, []);
      assert.deepEqual([sessions, kinds(proposals)], [[], [[kind, folder]]]);
      assert.match(proposals[0]?.evidence.join(' ') ?? '', seen);
      assert.deepEqual(await project().traces(lost), before);
    });

    it(`makes a session of a worktree that is ${what} when it is accepted, and proposes it no more`, async () => {
      const lost = await lose();
      const folder = await make();
      const { proposals } = await planIn(lost, []);
      const record = await accept(lost, proposals[0]);
      const again = await accept(lost, proposals[0]);
      const { records } = await lost.helper.list();
      assert.deepEqual([record.worktreePath, again.id, records.length], [folder, record.id, 1]);
      assert.deepEqual(await planIn(lost, records), { sessions: [], proposals: [] });
    });
  }

  it('proposes both of two records that claim one worktree, and lets only one have it', async () => {
    const storage = path.join(await project().newFolder('storages'), 'other', 'holdfast');
    const lost = await lose();
    const rival = { ...login, id: '11111111-0000-4000-8000-000000000000', name: 'rival', branch: 'topic' };
    await mkdir(storage, { recursive: true });
    const content = { version: '1.0', key: lost.options.workplace.key, sessions: [login, rival] };
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify(content));
    await registerStorage(places(), storage);
    const { sessions, proposals } = await planIn(lost, []);
    const names = proposals.map(({ kind, record }) => `${kind} ${record.name}`).sort();
    assert.deepEqual([sessions, names], [[], ['twoClaims login', 'twoClaims rival']]);
    const [one, two] = proposals;
    assert.equal((await accept(lost, one)).status, 'idle');
    await assert.rejects(accept(lost, two), { code: 'FOLDER_EXISTS' });
  });

  it('goes on with a known session in the place to which its worktree was moved', async () => {
    const folder = path.join(project().folder, '.worktrees', 'moved');
    await window.stop(login.id);
    await project().git('worktree', 'move', '-f', '-f', login.worktreePath, folder);
    const { proposals } = await planIn(window);
    assert.deepEqual(kinds(proposals), [['moved', folder]]);
    const { id, worktreePath } = await accept(window, proposals[0]);
    assert.deepEqual([id, worktreePath, (await tagOf(folder)).worktreePath], [login.id, folder, folder]);
    assert.equal((await window.restart(login.id)).record.status, 'active');
  });

  it('gives an accepted session another name where its own is taken', async () => {
    const lost = await lose();
    await project().git('worktree', 'unlock', login.worktreePath);
    await project().git('worktree', 'lock', login.worktreePath);
    const { proposals } = await planIn(lost, []);
    await lost.create({ name: 'login', worktree: false, command: ['cat'] });
    const { name, id } = await accept(lost, proposals[0]);
    assert.deepEqual([name, id], ['login-2', login.id]);
  });

  it('leaves the user’s own worktrees alone', async () => {
    const folder = path.join(await project().newFolder('mine'), 'topic');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', folder);
    assert.deepEqual(await planIn(window, [login]), { sessions: [], proposals: [] });
  });

  it('takes nothing from the repository that this one is a copy of', async () => {
    const copy = await project().newFolder('copy');
    await end();
    await cp(path.join(project().folder, '.git'), path.join(copy, '.git'), { recursive: true });
    const other = await openEmpty({ folder: copy });
    const tag = await tagOf(login.worktreePath);
    const { sessions, proposals } = await planIn(other, []);
    assert.deepEqual([sessions, kinds(proposals)], [[], [['foreignTag', login.worktreePath]]]);
    await assert.rejects(accept(other, proposals[0]), { code: 'FOLDER_EXISTS' });
    assert.deepEqual(await tagOf(login.worktreePath), tag);
  });
});

describe('rebuilding where there is no git', () => {
  const project = useProject('folder');

  it('brings sessions back from the folders that they keep', async () => {
    const window = await project().open();
    const { record } = await window.create({ worktree: false, command: ['cat'] });
    const { sessions, proposals } = await rebuild(window.options, { known: [] });
    assert.deepEqual([sessions.map((session) => session.record), proposals], [[record], []]);
  });
});

async function tagFile(folder: string): Promise<string> {
  return path.join(await git(folder, 'rev-parse', '--absolute-git-dir'), 'holdfast.json');
}

/** What the user asked for. */
function essence({ id, name, branch, baseBranch, worktreePath, command, template, metadata }: SessionRecord): unknown {
  return { id, name, branch, baseBranch, worktreePath, command, template, metadata };
}

function kinds(proposals: Proposal[]): [string, string][] {
  return proposals.map(({ kind, path: folder }) => [kind, folder]);
}
