import assert from 'node:assert/strict';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { Diagnosed } from '../../src/client/doctor/doctorContext.ts';
import { findProcesses } from '../../src/client/doctor/processSearch.ts';
import { applySafeRepairs, runDoctor } from '../../src/client/doctor/runDoctor.ts';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces, thisMachine } from '../../src/node/places.ts';
import { listen } from '../../src/node/sockets.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../support/processes.ts';
import { describeOnUnix } from '../support/unix.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };

describeOnUnix('the doctor of processes that have lost their files', () => {
  const project = useProject();
  let window: SessionManager;
  let storage: string;
  let login: SessionRecord;
  beforeEach(async () => {
    storage = await project().newFolder('storage');
    window = await project().open({ storage });
    login = (await window.create({ name: 'login', command: ['cat'] })).record;
    await registerStorage(places(), storage);
  });

  const places = () => repositoryPlaces(machine, window.options.workplace.key);
  const files = (): SessionPlaces => sessionPlaces(machine, window.options.workplace.key, login.id);
  const look = () => runDoctor({ ...window.options, client });
  const told = (findings: readonly Diagnosed[]) =>
    findings
      .filter(({ severity }) => severity !== 'info')
      .map(({ code, repair, apply }) => `${code}${repair?.isSafe && apply ? ' (safe)' : ''}`);
  const evidence = (findings: readonly Diagnosed[]) =>
    findings.flatMap((finding) => [finding.problem, ...finding.evidence]).join(' ');
  const endHelper = async (): Promise<void> => {
    const pid = await helperPid(window);
    window.dispose();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
  };
  const helpers = async (): Promise<number[]> =>
    (await findProcesses(machine, places().key)).filter(({ kind }) => kind === 'helper').map(({ pid }) => pid);
  /** What the host is found by, kept for as long as `use` takes. */
  const withoutFiles = async <T>(moved: string[], use: () => Promise<T>): Promise<T> => {
    const away = await project().newFolder('away');
    for (const file of moved) await rename(file, path.join(away, path.basename(file)));
    try {
      return await use();
    } finally {
      for (const file of moved) {
        await rm(file, { recursive: true, force: true });
        await rename(path.join(away, path.basename(file)), file);
      }
    }
  };

  it('never removes the socket of a host that has lost its lock and its file', async () => {
    const [host = 0] = await hostPids(window);
    await withoutFiles([files().host, files().hostLock], async () => {
      const findings = await look();
      await applySafeRepairs(findings);
      await stat(files().socket);
      assert.deepEqual([told(findings), isAlive(host)], [['host-files-missing'], true]);
      assert.match(evidence(findings), new RegExp(`Its process is ${host}\\. It listens on .*\\.sock`));
    });
  });

  it('starts no helper that would take a living session for ended', async () => {
    await endHelper();
    await writeFile(files().record, '{"format":2');
    await withoutFiles([files().host, files().hostLock], async () => {
      const findings = await look();
      const outcomes = await applySafeRepairs(findings);
      await stat(files().socket);
      assert.deepEqual(
        [told(findings), outcomes.map(({ finding, state }) => `${finding.code} ${state}`), await helpers()],
        [
          ['host-files-missing', 'lock-stale (safe)', 'record-damaged', 'socket-left (safe)'],
          ['lock-stale done', 'socket-left done'],
          [],
        ],
      );
    });
  });

  it('asks a helper that has lost all its files, and starts no second one', async () => {
    const pid = await helperPid(window);
    const folder = places().folder;
    await withoutFiles([folder], async () => {
      await registerStorage(places(), storage);
      const findings = await look();
      await applySafeRepairs(findings.filter(({ code }) => code !== 'session-folder-missing'));
      assert.deepEqual(
        [told(findings).filter((line) => !line.startsWith('state-folder-open')), await helpers()],
        [['host-files-missing', 'session-folder-missing (safe)'], [pid]],
      );
    });
  });

  it('takes whoever answers on the helper’s socket for one that lives, though it refuses every token', async () => {
    await endHelper();
    const server = net.createServer((socket) => socket.destroy());
    await withoutFiles([places().folder], async () => {
      await registerStorage(places(), storage);
      await listen(server, places().helperSocket);
      try {
        const findings = await look();
        await applySafeRepairs(findings);
        const [lost] = findings.filter(({ code }) => code === 'session-lost');
        await stat(places().helperSocket);
        assert.deepEqual(
          [told(findings).filter((line) => !line.startsWith('state-folder-open')), await helpers()],
          [['helper-silent', 'host-files-missing', 'session-lost'], []],
        );
        assert.match(lost?.repair?.text ?? '', /Its host lives/);
      } finally {
        server.close();
      }
    });
  });

  it('finds a host of which nothing is left but its process, and ends it not', async () => {
    const [host = 0] = await hostPids(window);
    await endHelper();
    await withoutFiles([files().folder, path.join(storage, 'sessions.json'), files().socket], async () => {
      const findings = (await look()).filter(({ code }) => code === 'host-orphan' || code === 'host-files-missing');
      assert.match(evidence(findings), new RegExp(`Its process is ${host}\\.`));
      assert.equal(isAlive(host), true);
    });
  });

  it('tells of a running session whose folder is gone, and has the helper write its record anew', async () => {
    await withoutFiles([files().folder], async () => {
      // The host itself writes its files anew now and then, which may be before they are looked at.
      const findings = await waitFor(
        async () => {
          await rm(files().folder, { recursive: true, force: true });
          return look();
        },
        (found) => found.some(({ code }) => code === 'session-folder-missing'),
        { what: 'the folder to be missing' },
      );
      const outcomes = await applySafeRepairs(findings);
      await stat(files().record);
      assert.deepEqual(
        [told(findings), outcomes.map(({ state }) => state), window.list().map(({ status }) => status)],
        [['host-files-missing', 'session-folder-missing (safe)'], ['done'], ['active']],
      );
    });
  });

  it('leaves the processes of another state folder alone', async () => {
    const other = thisMachine({ ...process.env, HOLDFAST_STATE_DIR: await project().newFolder('state') });
    assert.deepEqual(
      [(await findProcesses(machine, places().key)).length, await findProcesses(other, places().key)],
      [process.platform === 'linux' ? 2 : 0, []],
    );
  });
});
