import { readdir, readFile, writeFile } from 'node:fs/promises';
import { readRecordCopy } from '../../../src/node/checkpointFile.ts';
import { repositoryPlaces, type SessionPlaces, sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { processEnd, readHostFile } from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { editorProcesses } from './editorProcesses.ts';

/** What the files of a session say of it and of its host. */
export interface SessionOnDisk {
  places: SessionPlaces;
  record: SessionRecord;
  host: HostFile;
}

/** Where the sessions of a repository keep their files. */
export async function placesOfSessions(repository: string): Promise<SessionPlaces[]> {
  const { key } = await findWorkplace(repository);
  const ids = await readdir(repositoryPlaces(thisMachine(), key).sessionsFolder);
  return ids.map((id) => sessionPlaces(thisMachine(), key, id));
}

/** The sessions of a repository by their names; those that never had a host are left out. */
export async function sessionsOnDisk(repository: string): Promise<Record<string, SessionOnDisk>> {
  const read = (await placesOfSessions(repository)).map(readSession);
  const found = (await Promise.all(read)).filter((session) => session !== undefined);
  return Object.fromEntries(found.map((session) => [session.record.name, session]));
}

async function readSession(places: SessionPlaces): Promise<SessionOnDisk | undefined> {
  const host = await readHostFile(places).catch(() => undefined);
  const record = host && (await readRecordCopy(places, host.sessionId));
  return record && { places, record, host };
}

/** What a reboot leaves of helper and sessions: no process, and files that tell of an earlier boot. */
export async function rebootBeneath(repository: string): Promise<void> {
  const sessions = Object.values(await sessionsOnDisk(repository));
  const helpers = await editorProcesses('helper');
  for (const pid of [...helpers, ...sessions.map(({ host }) => host.pid)]) signal(pid, 'SIGKILL');
  const programs = sessions.map(({ host }) => host.ptyPid);
  await Promise.all([...helpers, ...programs].map(processEnd));
  for (const { places } of sessions) await forgetBoot(places.host);
}

async function forgetBoot(file: string): Promise<void> {
  const host = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...host, bootId: 'an earlier boot' }));
}
