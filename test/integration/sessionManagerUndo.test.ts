import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CreateSessionOptions } from '../../src/client/sessionCreation.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import type { HostFile } from '../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { withGit, writeHook } from './support/fakeGit.ts';
import { type Project, useProject } from './support/project.ts';
import { machine } from './support/scene.ts';

interface Failure {
  code: string;
  text: string;
  /** Sessions in the list. */
  sessions: string[];
  /** What is in the worktree; undefined where there is none. */
  files: string[] | undefined;
  branch: 'there' | 'gone';
}

describeOnUnix('a creation that fails half-way', () => {
  const project = useProject();

  it('leaves not even the folder around the worktree', async () => {
    await writeHook(project(), 'post-checkout', 'exit 1');
    await attempt(project(), await project().open());
    assert.equal(existsSync(path.join(project().folder, '.worktrees')), false);
  });

  it('leaves the folder around the worktree where it was there before', async () => {
    await mkdir(path.join(project().folder, '.worktrees'));
    await writeHook(project(), 'post-checkout', 'exit 1');
    await attempt(project(), await project().open());
    assert.equal(existsSync(path.join(project().folder, '.worktrees')), true);
  });

  it('leaves nothing where all that a hook made can be made again', async () => {
    await writeFile(path.join(project().folder, '.git', 'info', 'exclude'), 'node_modules/\n');
    await writeHook(project(), 'post-checkout', 'mkdir node_modules; touch node_modules/x; exit 1');
    const { sessions, files, branch } = await attempt(project(), await project().open());
    assert.deepEqual({ sessions, files, branch }, { sessions: [], files: undefined, branch: 'gone' });
  });

  const hooks: [what: string, script: string, reason: string, files: string[]][] = [
    ['a file', 'echo notes > notes.txt', '1 untracked file', ['file-1.txt', 'notes.txt']],
    ['a secret', 'mkdir local; echo key > local/key', '1 ignored file: local/key', ['file-1.txt', 'local']],
    [
      'a commit',
      'echo > new.txt; git add new.txt; git commit --quiet --message=new',
      '1 unmerged commit',
      ['file-1.txt', 'new.txt'],
    ],
  ];
  for (const [what, script, reason, files] of hooks) {
    it(`keeps the worktree and says where, because of ${what} of a hook’s`, async () => {
      await writeFile(path.join(project().folder, '.git', 'info', 'exclude'), 'local/\n');
      await writeHook(project(), 'post-checkout', `${script}; echo "fatal: no" >&2; exit 1`);
      const { text, ...rest } = await attempt(project(), await project().open());
      const said = `git worktree failed: no. Its worktree was kept (${reason}): WORKTREE.`;
      assert.deepEqual({ text, ...rest }, { code: 'GIT_FAILED', text: said, sessions: [], files, branch: 'there' });
    });
  }

  it('keeps what the process wrote before it was stopped', async () => {
    const window = await openBreakable(project());
    onceActive(window, ({ worktreePath }) => {
      writeFileSync(path.join(worktreePath, 'work.txt'), 'work');
      breakStorage(window);
    });
    const { text, sessions, files, branch } = await attempt(project(), window);
    assert.deepEqual(
      { isTold: text.includes(' Its worktree was kept (1 untracked file): WORKTREE. '), sessions, files, branch },
      { isTold: true, sessions: [], files: ['file-1.txt', 'work.txt'], branch: 'there' },
    );
  });

  it('keeps the session with its worktree where its process cannot be stopped, and names the processes', async () => {
    const window = await openBreakable(project());
    let [host, ptyPid] = [0, 0];
    onceActive(window, (record) => {
      ({ pid: host, ptyPid } = hostOf(window, record));
      signal(host, 'SIGSTOP');
      breakStorage(window);
    });
    try {
      const { text, sessions, files } = await attempt(project(), window);
      const why = `“login” was kept with its worktree WORKTREE, for its process may run: “login” does not end.`;
      // The host may have stood still before it was told to stop, or after.
      const who = ` or end its process (pid ${ptyPid}) and its host (pid ${host}) yourself.`;
      assert.deepEqual(
        { isTold: [text.includes(why), text.includes(who), text.includes('Nothing was changed')], sessions, files },
        { isTold: [true, true, false], sessions: ['login'], files: ['file-1.txt'] },
      );
      assert.equal(isAlive(ptyPid), true);
    } finally {
      signal(host, 'SIGCONT');
    }
  }).timeout(60_000);

  it('leaves a branch that was there before where it was, whatever commits it has', async () => {
    await project().git('checkout', '--quiet', '-b', 'topic');
    await project().git('commit', '--quiet', '--allow-empty', '--message=topic');
    await project().git('checkout', '--quiet', 'main');
    await writeHook(project(), 'post-checkout', 'exit 1');
    const { files, branch } = await attempt(project(), await project().open(), { branch: 'topic' });
    assert.deepEqual({ files, branch }, { files: undefined, branch: 'there' });
  });

  it('leaves nothing of a checkout for which the disk had no room, and says so', async () => {
    const window = await project().open();
    const { code, text, ...left } = await withGit(project(), fullDisk, () => attempt(project(), window));
    assert.deepEqual(
      { code, text, ...left },
      {
        code: 'DISK_FULL',
        text: 'The disk is full, so the worktree could not be made. Nothing was kept. Free some space and try again.',
        sessions: [],
        files: undefined,
        branch: 'gone',
      },
    );
  });

  it('says that the disk is full where a hook is the first to meet it', async function () {
    if (!existsSync('/dev/full')) this.skip();
    await writeHook(project(), 'post-checkout', 'cat file-1.txt > /dev/full');
    const { code, files } = await attempt(project(), await project().open());
    assert.deepEqual({ code, files }, { code: 'DISK_FULL', files: undefined });
  });
});

/** A git that is killed in the middle of a checkout: what it wrote is there, and its lock. */
const fullDisk = `
case "$*" in "worktree add"*)
  git worktree add --quiet --no-checkout -- "$5" "$6"
  echo half > "$5/file-1.txt"
  echo initializing > "$(git -C "$5" rev-parse --git-dir)/locked"
  echo "fatal: unable to write file file-1.txt: No space left on device" >&2
  exit 128
esac`;

async function attempt(project: Project, window: SessionManager, options: CreateSessionOptions = {}): Promise<Failure> {
  const before = await foldersOf(project);
  const error = await window.create({ name: 'login', command: ['cat'], ...options }).then(
    () => Promise.reject(new Error('The session was created.')),
    (failure) => failure,
  );
  const [folder] = (await foldersOf(project)).filter((name) => !before.includes(name));
  const worktree = folder && path.join(project.folder, '.worktrees', folder);
  const branches = await project.git('branch', '--format=%(refname:short)');
  return {
    code: error.code,
    text: worktree ? error.text.replaceAll(worktree, 'WORKTREE') : error.text,
    sessions: window.list().map(({ name }) => name),
    files: worktree ? (await readdir(worktree)).filter((name) => name !== '.git').sort() : undefined,
    branch: branches.split('\n').includes(options.branch ?? 'feature/login') ? 'there' : 'gone',
  };
}

function foldersOf({ folder }: Project): Promise<string[]> {
  return readdir(path.join(folder, '.worktrees')).catch(() => []);
}

/** A window whose storage can be broken. */
async function openBreakable(project: Project): Promise<SessionManager> {
  return project.open({ storage: path.join(await project.newFolder('parent'), 'storage') });
}

function breakStorage({ options: { storage } }: SessionManager): void {
  rmSync(storage, { recursive: true });
  writeFileSync(storage, '');
}

/** Runs `task` as soon as the window hears of a session whose process runs. */
function onceActive(window: SessionManager, task: (record: SessionRecord) => void): void {
  const listener = window.onChange((record) => {
    if (record?.status !== 'active') return;
    listener.dispose();
    task(record);
  });
}

function hostOf({ options }: SessionManager, { id }: SessionRecord): HostFile {
  return JSON.parse(readFileSync(sessionPlaces(machine, options.workplace.key, id).host, 'utf8'));
}
