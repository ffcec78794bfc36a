import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runDoctor } from '../../src/client/doctor/runDoctor.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { exists } from '../../src/node/exists.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { signal } from '../support/processes.ts';
import { git } from '../support/repository.ts';
import { helperPid, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

const rivalId = '11111111-0000-4000-8000-000000000000';

describe('two sessions that claim one worktree', () => {
  const project = useProject();
  let window: SessionManager;
  let login: SessionRecord;
  let rival: SessionRecord;
  beforeEach(async () => {
    window = await project().open();
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
    rival = { ...login, id: rivalId, name: 'rival', status: 'idle', revision: 1 };
  });

  /** A window whose list alone knows the rival. */
  const openWithRival = async (): Promise<SessionManager> => {
    const storage = await project().newFolder('storage');
    await writeFile(path.join(storage, 'sessions.json'), JSON.stringify({ version: '1.0', sessions: [rival] }));
    return project().open({ storage });
  };
  const names = (manager: SessionManager) => manager.list().map(({ name }) => name);

  it('are not both shown: the one that only a list knows is proposed, and cannot be had while the other lives', async () => {
    const second = await openWithRival();
    const { sessions, proposals } = await second.state.rebuild();
    const [proposal] = proposals;
    assert.ok(proposal);
    const refused = await second.state.accept(proposal).catch(({ code }) => code);
    assert.deepEqual(
      [names(window), names(second), sessions, proposals.map(({ kind, record }) => [kind, record.id]), refused],
      [['login'], ['login'], [], [['twoClaims', rivalId]], 'FOLDER_EXISTS'],
    );
  });

  it('are told of no more, and the second one comes once the first is destroyed', async () => {
    const second = await openWithRival();
    const notices: string[] = [];
    second.onNotice((notice) => notices.push(notice));
    await writeFile(path.join(login.worktreePath, 'notes.txt'), 'work');
    await reconnect(second);
    await window.destroy(login.id);
    await reconnect(second);
    assert.deepEqual([names(second), notices, await exists(login.worktreePath)], [['rival'], [], true]);
  });

  it('may have one branch by their records: the lost one is on another by now, and can be had with that', async () => {
    const folder = path.join(project().folder, '.worktrees', 'rival');
    await project().git('worktree', 'add', '--quiet', '-b', 'topic', folder);
    rival = { ...rival, worktreePath: folder };
    const second = await openWithRival();
    const [proposal] = (await second.state.rebuild()).proposals;
    assert.ok(proposal);
    const { record } = await second.state.accept(proposal);
    assert.deepEqual(
      [proposal.kind, record.id, record.branch, names(second).sort()],
      ['branchTaken', rivalId, 'topic', ['login', 'rival']],
    );
  });

  it('may have one branch by their records: the lost one cannot be had while the other lives, and the doctor says so', async () => {
    rival = { ...rival, worktreePath: path.join(project().folder, '.worktrees', 'rival') };
    const second = await openWithRival();
    const [proposal] = (await second.state.rebuild()).proposals;
    assert.ok(proposal);
    const refused = await second.state.accept(proposal).catch(({ code, advice }) => [code, advice]);
    const findings = await runDoctor({ ...second.options, client: { kind: 'test', pid: process.pid, version: '0' } });
    const told = findings.find(({ code }) => code === 'worktree-branch-taken')?.repair?.text;
    assert.deepEqual(
      [proposal.kind, proposal.hindrance, told, refused],
      [
        'branchTaken',
        'It cannot be taken in while “login” is there. Destroy that one first if this is what you need.',
        proposal.hindrance,
        ['BRANCH_EXISTS', 'Destroy “login” first if this is the one that you need.'],
      ],
    );
  });

  it('are both known where records say so: the doctor tells, and destroying one leaves the worktree to the other', async () => {
    await window.stop(login.id);
    const pid = await helperPid(window);
    const { record: file, folder } = sessionPlaces(machine, window.options.workplace.key, rivalId);
    await mkdir(folder, { recursive: true });
    await writeFile(file, serializeRecord(rival));
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    await window.helper.connect();
    const findings = await runDoctor({ ...window.options, client: { kind: 'test', pid: process.pid, version: '0' } });
    const shared = findings.find(({ code }) => code === 'sessions-share-work');
    const { kept } = await window.destroy(rivalId);
    const tag = await git(login.worktreePath, 'rev-parse', '--absolute-git-dir');
    assert.deepEqual(
      [
        shared?.severity,
        shared?.evidence.length,
        kept?.reason,
        await exists(path.join(tag, 'holdfast.json')),
        names(window),
      ],
      ['error', 2, '“login” works in it', true, ['login']],
    );
    assert.equal(await exists(login.worktreePath), true);
  });
});

/** To the next helper, which hears of all that the window knows. */
async function reconnect(window: SessionManager): Promise<void> {
  await window.helper.restartHelper();
}
