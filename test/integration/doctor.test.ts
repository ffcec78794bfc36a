import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Backups } from '../../src/client/backups.ts';
import type { DoctorContext } from '../../src/client/doctor/doctorContext.ts';
import { repairAll, runDoctor } from '../../src/client/doctor/runDoctor.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { isSound } from '../../src/core/diagnosis.ts';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { revise } from '../../src/core/sessionRecord.ts';
import { repositoryPlaces, sessionPlaces, thisMachine } from '../../src/node/places.ts';
import { findWorkplace } from '../../src/node/repository.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { client, listing, useDoctorScene } from './support/doctorScene.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { dist, processEnd } from './support/scene.ts';

describeOnUnix('the doctor', () => {
  const { stop, current, key, places, files, look, fix, end, endHelper, told, evidence, checkpointed } =
    useDoctorScene();
  let window: SessionManager;
  let storage: string;
  let list: string;
  let login: SessionRecord;

  beforeEach(() => {
    ({ window, storage, list, login } = current());
  });

  it('finds nothing where all is well, while the helper runs and while none does', async () => {
    const running = told(await look());
    await stop();
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

  it('changes nothing and starts no helper', async () => {
    await end();
    await writeFile(list, '{"version":');
    const before = await listing(places().folder, storage);
    const findings = await look();
    assert.deepEqual(await listing(places().folder, storage), before);
    assert.equal(isSound(findings), false);
    await fix();
  });

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

  it('finds nothing among 200 sessions that are sound', async () => {
    const context = await contextOf(repository().folder, await repository().newFolder('state'));
    await fill(context, await repository().newFolder('storage'), 200);
    assert.deepEqual(await runDoctor(context), []);
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
