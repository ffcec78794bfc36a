import assert from 'node:assert/strict';
import path from 'node:path';
import { type Project, useProject } from './support/project.ts';

const long = 'x'.repeat(200);
const unsafe = 'so that it is safe as a branch and a folder';
const taken = 'because that name is taken';
const hopeless = 'because nothing in it can be part of a branch name';

describe('a session’s name', () => {
  const project = useProject();

  const cases: [what: string, typed: string, name: string, notice?: string][] = [
    ['spaces', ' fix the  login ', 'fix-the-login', `“fix the  login” became “fix-the-login” ${unsafe}.`],
    ['letters of any script', 'größe-漢字', 'größe-漢字'],
    ['emoji', '🚀 launch', 'launch', `“🚀 launch” became “launch” ${unsafe}.`],
    ['nothing but emoji', '🚀', 'feature-DATE-001', `“🚀” became “feature-DATE-001” ${hopeless}.`],
    ['dots that git refuses', 'a..b', 'a-b', `“a..b” became “a-b” ${unsafe}.`],
    ['a path out of the folder', '../../etc', 'etc', `“../../etc” became “etc” ${unsafe}.`],
    ['leading dashes', '--force', 'force', `“--force” became “force” ${unsafe}.`],
    ['200 characters', long, long.slice(0, 60), `“${long.slice(0, 39)}…” became “${long.slice(0, 60)}” ${unsafe}.`],
    ['a device of Windows', 'CON', 'CON-session', `“CON” became “CON-session” ${unsafe}.`],
    ['the ending of git’s locks', 'topic.lock', 'topic', `“topic.lock” became “topic” ${unsafe}.`],
    ['git’s own shorthand', '@{-1}', '1', `“@{-1}” became “1” ${unsafe}.`],
  ];
  for (const [what, typed, name, notice] of cases) {
    it(`is made safe for branch and folder: ${what}`, async () => {
      assert.deepEqual(await created(project(), typed), { name, branch: `feature/${name}`, folder: name, notice });
    });
  }

  it('gives way to a session that has it, whatever the case of its letters', async () => {
    await created(project(), 'login');
    assert.deepEqual(await created(project(), 'Login'), {
      name: 'Login-2',
      branch: 'feature/Login-2',
      folder: 'Login-2',
      notice: `“Login” became “Login-2” ${taken}.`,
    });
  });

  const branches: [what: string, branch: string][] = [
    ['that has its name', 'feature/login'],
    ['that lies below its name', 'feature/login/old'],
  ];
  for (const [what, branch] of branches) {
    it(`gives way to a branch ${what}`, async () => {
      await project().git('branch', branch);
      const { name, notice } = await created(project(), 'login');
      assert.deepEqual({ name, notice }, { name: 'login-2', notice: `“login” became “login-2” ${taken}.` });
    });
  }

  it('gives way to a branch that a tag of the same name makes ambiguous', async () => {
    await project().git('branch', 'feature/login');
    await project().git('tag', 'feature/login');
    assert.equal((await created(project(), 'login')).name, 'login-2');
  });

  it('gives way to a session that was made under it, renamed since, and whose branch is renamed too', async () => {
    const window = await project().open();
    const { record } = await window.create({ name: 'login', command: ['cat'] });
    await window.rename(record.id, 'other');
    await project().git('branch', '--move', 'feature/login', 'elsewhere');
    assert.equal((await created(project(), 'login')).name, 'login-2');
  });
});

/** What a session is called everywhere; days are replaced, for tests run on all of them. */
async function created(project: Project, name: string) {
  const window = await project.open();
  const { record, notice } = await window.create({ name, command: ['cat'] });
  const folder = path.basename(record.worktreePath).replace(`-${record.id.slice(0, 8)}`, '');
  return {
    name: dateless(record.name),
    branch: dateless(record.branch),
    folder: dateless(folder),
    notice: notice && dateless(notice),
  };
}

function dateless(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d/, 'DATE');
}
