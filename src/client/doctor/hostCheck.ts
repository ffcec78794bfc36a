import path from 'node:path';
import { delay } from '../../base/async.ts';
import { mergeRecords } from '../../core/mergeRecords.ts';
import { isLive } from '../../core/sessionRecord.ts';
import { exists } from '../../node/exists.ts';
import { sessionPlaces } from '../../node/places.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import type { LivingHost } from './livingHosts.ts';
import type { SessionFolder } from './sessionFolders.ts';

/** A host that has just begun may need this long to write its files; milliseconds. */
const filingPatience = 1_000;

/** Hosts that live although their session does not, or without what they are found by; none is ended by itself. */
export async function checkHosts(examination: Examination): Promise<Diagnosed[]> {
  const listed = (await examination.storages()).flatMap(({ records }) => records);
  const records = mergeRecords(await examination.known(), listed);
  const folders = new Map((await examination.sessionFolders()).map((folder) => [folder.id, folder]));
  const checks = [...(await examination.hosts()).values()].map((host) => {
    const [record, folder] = [records.get(host.id), folders.get(host.id)];
    return record && isLive(record)
      ? checkFiles(examination, host, record)
      : [orphanHost(examination, host, { record, folder })];
  });
  return (await Promise.all(checks)).flat();
}

async function checkFiles(examination: Examination, host: LivingHost, record: SessionRecord): Promise<Diagnosed[]> {
  const subject = `“${record.name}” (${host.id.slice(0, 8)})`;
  const missing = await missingFiles(examination, host);
  if (missing.length === 0) return [];
  const seen = host.isFiled ? [] : sightings(host);
  return [
    {
      code: 'host-files-missing',
      severity: 'error',
      subject,
      problem: 'The session’s host lives, but files by which it is found are gone.',
      evidence: [...seen, ...missing.map((file) => `There is no ${file}.`)],
      repair: {
        text: 'The host writes them anew by itself: look again in a minute, and do not start the session until then.',
        isSafe: false,
      },
    },
  ];
}

async function missingFiles({ context, places }: Examination, { id }: LivingHost): Promise<string[]> {
  const { host, hostLock } = sessionPlaces(context.machine, places.key, id);
  const look = async () => {
    const found = await Promise.all([host, hostLock].map((file) => exists(file)));
    return [host, hostLock].filter((_, index) => !found[index]);
  };
  if ((await look()).length === 0) return [];
  await delay(filingPatience);
  return look();
}

function sightings({ pid, socket }: LivingHost): string[] {
  return [
    ...(pid === undefined ? [] : [`Its process is ${pid}.`]),
    ...(socket === undefined ? [] : [`It listens on ${socket}.`]),
  ];
}

interface Traces {
  record: SessionRecord | undefined;
  folder: SessionFolder | undefined;
}

function orphanHost({ places }: Examination, living: LivingHost, { record, folder }: Traces): Diagnosed {
  const { host, hostLiveness, hostLock } = folder ?? {};
  const about = host
    ? [`Host process ${host.pid} runs process ${host.ptyPid} since ${host.startedAt}.`]
    : ['No file tells who the session’s host is.', ...sightings(living)];
  const doubt =
    hostLiveness === 'unknown' || hostLock === 'unknown' ? ['It cannot be told from here whether it lives.'] : [];
  const destroyed = record && `“${record.name}” was destroyed at ${record.deletedAt}.`;
  return {
    code: 'host-orphan',
    severity: 'error',
    subject: path.join(places.sessionsFolder, living.id),
    problem: 'A session’s process runs on, but there is no session in any list that it belongs to.',
    evidence: [...about, ...doubt, destroyed ?? 'No record of it can be read.'],
    repair: {
      text: `Nothing ends it by itself. Bring its session back (from a backup, or by a rebuild) to attach to it, or ${howToEnd(living, host?.ptyPid)}.`,
      isSafe: false,
    },
  };
}

function howToEnd({ pid }: LivingHost, ptyPid: number | undefined): string {
  if (ptyPid !== undefined) return `end process ${ptyPid} yourself (kill -HUP ${ptyPid}), and its host ends, too`;
  return pid === undefined ? 'end it' : `end the processes that host process ${pid} has started, and it ends, too`;
}
