import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Diagnosed } from '../../../src/client/doctor/doctorContext.ts';
import { applySafeRepairs, runDoctor } from '../../../src/client/doctor/runDoctor.ts';
import { SavedSessions } from '../../../src/client/savedSessions.ts';
import type { SessionManager } from '../../../src/client/sessionManager.ts';
import { registerStorage } from '../../../src/client/windowStorages.ts';
import { serializeRegistry } from '../../../src/core/registryDocument.ts';
import { exists } from '../../../src/node/exists.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces } from '../../../src/node/places.ts';
import { identify } from '../../../src/node/processIdentity.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { signal } from '../../support/processes.ts';
import { git } from '../../support/repository.ts';
import { waitFor } from '../../support/waitFor.ts';
import { helperPid, hostPids, useProject } from './project.ts';
import { machine, processEnd } from './scene.ts';

export const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };

/** The repository whose sessions the doctor looks at, with a window that has one session, “login”. */
export interface DoctorScene {
  window: SessionManager;
  storage: string;
  /** The window's session list. */
  list: string;
  login: SessionRecord;
}

/** Makes one anew for each test, with what the tests do to it and see of it. */
export function useDoctorScene() {
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

  const current = (): DoctorScene => ({ window, storage, list, login });
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
  /** Its host says that the process has ended a moment before it is gone itself. */
  const stop = async (): Promise<SessionRecord> => {
    const pids = await hostPids(window);
    const stopped = await window.stop(login.id);
    await Promise.all(pids.map(processEnd));
    return stopped;
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
  /** The session’s host has begun to keep them. */
  const checkpointed = () => waitFor(() => exists(files().checkpoint));
  const removeSockets = async (): Promise<void> => {
    for (const socket of [files().socket, places().helperSocket]) await rm(socket, { force: true });
  };
  /** What a window shows that opens now. */
  const sessionsNow = async (): Promise<string[]> => {
    const next = await project().open({ storage });
    return next.list().map(({ name }) => name);
  };
  /** Once the window has saved what it was told. */
  const windowHas = (wanted: RegExp) =>
    waitFor(
      () => readFile(list, 'utf8'),
      (text) => wanted.test(text),
      { what: 'the list to be saved' },
    );

  return {
    project,
    current,
    key,
    places,
    files,
    look,
    fix,
    end,
    stop,
    endHelper,
    tagFile,
    changeTag,
    saved,
    damageSaved,
    putList,
    saveList,
    deadOwner,
    makeOld,
    told,
    evidence,
    checkpointed,
    removeSockets,
    sessionsNow,
    windowHas,
  };
}

/** Every file of some folders with what is in it, but for what hosts and windows write of their own accord while they live. */
export async function listing(...folders: string[]): Promise<string[]> {
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

function isHostsOwn(name: string): boolean {
  return /^\.?checkpoint|^\.?host\.json|transcript|screen|(storage|events)\.lock$|\.log/.test(name);
}
