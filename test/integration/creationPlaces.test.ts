// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of the setting
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { runDoctor } from '../../src/client/doctor/runDoctor.ts';
import { git } from '../support/repository.ts';
import { describeOnUnix } from '../support/unix.ts';
import { writeHook } from './support/fakeGit.ts';
import { useProject } from './support/project.ts';

describeOnUnix('the setting for the place of worktrees', () => {
  const project = useProject();

  const excluded = async (folder = project().folder) => {
    const text = await readFile(path.join(folder, '.git', 'info', 'exclude'), 'utf8');
    return text.split('\n').filter((line) => line.startsWith('/'));
  };

  /** A window on a repository that lies in a folder of its own. */
  async function openClone(worktreesFolder: string) {
    const folder = path.join(await project().newFolder('parent'), 'my shop');
    await project().git('clone', '--quiet', project().folder, folder);
    return { folder, window: await project().open({ folder, settings: { worktreesFolder } }) };
  }

  it('puts them beside the repository, which has no line about that then', async () => {
    const { folder, window } = await openClone('../${repo}-worktrees');
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    const wanted = path.join(`${folder}-worktrees`, `fix-${record.id.slice(0, 8)}`);
    const status = await git(record.worktreePath, 'status', '--porcelain', '--branch');
    const { kept } = await window.destroy(record.id);
    assert.deepEqual(
      [record.worktreePath, status, await excluded(folder), kept],
      [wanted, '## feature/fix', [], undefined],
    );
  });

  it('names the worktree itself, by its branch', async () => {
    const window = await project().open({ settings: { worktreesFolder: 'trees/${branch}' } });
    const { record } = await window.create({ branch: 'hot-fix/ü', command: ['cat'] });
    assert.deepEqual(
      [path.relative(project().folder, record.worktreePath), await project().git('status', '--porcelain')],
      ['trees/hot-fix-ü', ''],
    );
  });

  it('has git leave out the folder of the worktrees once, or a single worktree in the root', async () => {
    const [nested, single] = [
      await project().open({ settings: { worktreesFolder: '.trees/${name}/${id}' } }),
      await project().open({ settings: { worktreesFolder: 'tree-${name}' } }),
    ];
    for (const name of ['a', 'b']) await nested.create({ name, command: ['cat'] });
    await single.create({ name: 'c', command: ['cat'] });
    assert.deepEqual([await excluded(), await project().git('status', '--porcelain')], [['/.trees/', '/tree-c/'], '']);
  });

  it('has git leave out a folder whose name would be a pattern', async () => {
    const window = await project().open({ settings: { worktreesFolder: 'trees [1]*' } });
    await window.create({ name: 'a', command: ['cat'] });
    assert.deepEqual([await excluded(), await project().git('status', '--porcelain')], [['/trees \\[1\\]\\*/'], '']);
  });

  it('is refused where it makes no sense, before anything is made', async () => {
    const window = await project().open({ settings: { worktreesFolder: '.git/${name}' } });
    const before = await project().traces(window);
    const error = await window.create({ name: 'fix', command: ['cat'] }).catch((failure) => failure);
    assert.deepEqual([error.code, await project().traces(window)], ['INVALID_LOCATION', before]);
  });

  it('says that the place is taken where it is the same for two sessions', async () => {
    const window = await project().open({ settings: { worktreesFolder: 'trees/${branch}' } });
    await window.create({ branch: 'a/b', command: ['cat'] });
    await assert.rejects(window.create({ branch: 'a-b', command: ['cat'] }), { code: 'FOLDER_EXISTS' });
  });

  it('leads the doctor to nothing odd, wherever they are', async () => {
    const { window } = await openClone('../${repo}.${name}');
    await window.create({ name: 'fix', command: ['cat'] });
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const findings = await runDoctor({ ...window.options, client });
    assert.deepEqual(
      findings.filter(({ subject }) => /worktree|fix/.test(subject)),
      [],
    );
  });

  it('may lead through a link, out of which a failed creation is removed as well', async () => {
    const elsewhere = await project().newFolder('disk');
    await mkdir(path.join(elsewhere, 'trees'));
    await symlink(path.join(elsewhere, 'trees'), path.join(project().folder, '.worktrees'));
    const window = await project().open();
    const before = await project().traces(window);
    const { record } = await window.create({ name: 'fix', command: ['cat'] });
    const { kept } = await window.destroy(record.id);
    await writeHook(project(), 'post-checkout', 'exit 1');
    await assert.rejects(window.create({ command: ['cat'] }), { code: 'GIT_FAILED' });
    assert.deepEqual([kept, await project().traces(window)], [undefined, before]);
  });
});
