import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import { isMissing, previousVersion, readJson, writeJson } from '../../node/durableFile.ts';
import { exists } from '../../node/exists.ts';
import { sessionPlaces } from '../../node/places.ts';
import { quarantine } from '../../node/quarantine.ts';
import { readRecordFile } from '../../node/recordFile.ts';
import { launchSpecSchema } from '../../protocol/hostMessages.ts';
import { checkCheckpoints } from './checkpointCheck.ts';
import { counted, type Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import type { SessionFolder } from './sessionFolders.ts';

/** No start of a host takes this long, so that a launch file of this age is not about to be read; milliseconds. */
const startPatience = 60_000;

/** The folders in which the helper and the hosts keep what they know of sessions. */
export async function checkHostFolders(examination: Examination): Promise<Diagnosed[]> {
  const folders = await examination.sessionFolders();
  const checks = folders.map(async (folder) => [
    ...(await checkRecord(examination, folder)),
    ...checkHostFile(folder),
    ...(await checkCheckpoints(folder)),
    ...(await checkLaunch(folder)),
  ]);
  return [...(await Promise.all(checks)).flat(), ...(await checkGone(examination))];
}

/** Sessions that only the helper that runs knows. */
async function checkGone(examination: Examination): Promise<Diagnosed[]> {
  const there = new Set((await examination.sessionFolders()).map(({ id }) => id));
  const gone = (await examination.live()).filter(({ id }) => !there.has(id));
  const looks = gone.map(async ({ id, name }): Promise<Diagnosed[]> => {
    const places = sessionPlaces(examination.context.machine, examination.places.key, id);
    // It may have been made since the folders were listed.
    if (await exists(places.folder)) return [];
    return [
      {
        code: 'session-folder-missing',
        severity: 'error',
        subject: places.folder,
        problem: `The folder of “${name}” is gone; only the helper that runs knows the session.`,
        evidence: ['Its record, its screen and what it has printed were in it.'],
        ...(await renewRecord(examination, { id, places }, undefined)),
      },
    ];
  });
  return (await Promise.all(looks)).flat();
}

async function checkRecord(examination: Examination, folder: SessionFolder): Promise<Diagnosed[]> {
  const { reading, places } = folder;
  const { record: subject } = places;
  switch (reading.state) {
    case 'sound':
      return [];
    case 'newer': {
      const problem = `A newer version of Holdfast has written the session’s record (${reading.version}).`;
      const repair = { text: 'Update Holdfast; until then this session cannot be changed.', isSafe: false };
      return [{ code: 'record-newer', severity: 'warning', subject, problem, evidence: [], repair }];
    }
    case 'missing':
      return checkMissing(examination, folder);
    case 'damaged': {
      const { record, reason } = reading;
      const problem = record
        ? `The record of “${record.name}” is damaged (${reason}); its last good version is used.`
        : `The session’s record is damaged (${reason}), and so is its previous version, or there is none.`;
      const severity = record ? 'warning' : 'error';
      const evidence = record ? [`The last good version is revision ${record.revision}.`] : [previousVersion(subject)];
      const renewal = await renewRecord(examination, folder, reason);
      return [{ code: 'record-damaged', severity, subject, problem, evidence, ...renewal }];
    }
  }
}

async function checkMissing(examination: Examination, folder: SessionFolder): Promise<Diagnosed[]> {
  const { places, id } = folder;
  const known = (await examination.known()).find((record) => record.id === id);
  const isPlanned = (await examination.plan()).sessions.some(({ record }) => record.id === id);
  // Bringing the session back writes its record.
  if (isPlanned) return [];
  if (known) {
    const problem = `The record of “${known.name}” is gone; only the helper that runs knows it.`;
    const renewal = await renewRecord(examination, folder, undefined);
    return [{ code: 'record-missing', severity: 'error', subject: places.record, problem, evidence: [], ...renewal }];
  }
  const host = folder.host ? [`Its host was process ${folder.host.pid}, started at ${folder.host.startedAt}.`] : [];
  return [
    {
      code: 'session-folder-orphan',
      severity: 'warning',
      subject: places.folder,
      problem: 'The folder belongs to no session that anything knows of.',
      evidence: [`There is no record in it, and none in any list.`, ...host],
      repair: {
        text: 'It may hold what a session has printed: delete it if you need that no more.',
        isSafe: false,
      },
    },
  ];
}

/** The helper alone writes records: a change that changes nothing makes it write this one. */
async function renewRecord(
  examination: Examination,
  { id, places }: Pick<SessionFolder, 'id' | 'places'>,
  reason: string | undefined,
): Promise<Pick<Diagnosed, 'repair' | 'apply'>> {
  const known = (await examination.live()).find((record) => record.id === id);
  if (!known) {
    const text = 'Nothing else is known of the session here; what other places know of it is told apart.';
    return { repair: { text, isSafe: false } };
  }
  const hindrance = await examination.helperHindrance();
  if (hindrance !== undefined) return { repair: { text: hindrance, isSafe: false } };
  const keep = reason === undefined ? 'Have' : 'Keep a copy of it in quarantine, and have';
  return {
    repair: { text: `${keep} the helper write it anew.`, isSafe: true },
    apply: () =>
      examination.withHelper([], async (helper) => {
        // One that was started for this has put it right already.
        const reading = await readRecordFile(places.record, id);
        if (reading.state === 'sound') return `The helper wrote it anew as revision ${reading.record.revision}.`;
        const copy = reason === undefined ? undefined : await quarantine(places.record, { reason });
        const { revision } = await helper.update(known, () => ({}));
        return `It was written anew as revision ${revision}.${copy === undefined ? '' : ` As it was it is kept: ${copy}.`}`;
      }),
  };
}

function checkHostFile({ places, hostProblem, hostLock }: SessionFolder): Diagnosed[] {
  if (hostProblem === undefined) return [];
  const lives = hostLock === 'held' ? ['The lock of the session’s host is held, so that one lives.'] : [];
  return [
    {
      code: 'host-file-damaged',
      severity: 'warning',
      subject: places.host,
      problem: `What the session’s host has noted about itself cannot be read: ${hostProblem}.`,
      evidence: lives,
      repair: { text: 'The next start of the session replaces it.', isSafe: false },
    },
  ];
}

async function checkLaunch(folder: SessionFolder): Promise<Diagnosed[]> {
  const { places } = folder;
  const names = await forgottenVariables(folder);
  if (names.length === 0) return [];
  return [
    {
      code: 'launch-environment',
      severity: 'warning',
      subject: places.launch,
      problem: 'The launch file still holds the environment of a start that is over, which may be secret.',
      evidence: [`${counted(names.length, 'variable')} in it.`],
      repair: { text: 'Remove the environment from it; each start brings its own.', isSafe: true },
      apply: async () => {
        if ((await forgottenVariables(folder)).length === 0) return 'It was removed meanwhile.';
        const launch = v.parse(launchSpecSchema, await readJson(places.launch));
        await writeJson(places.launch, { ...launch, env: {} });
        return 'The environment was removed.';
      },
    },
  ];
}

/** Names of the variables in a launch file that no host is about to read. */
async function forgottenVariables({ places }: SessionFolder): Promise<string[]> {
  try {
    const { mtimeMs } = await stat(places.launch);
    if (Date.now() - mtimeMs < startPatience) return [];
    const launch = v.safeParse(launchSpecSchema, await readJson(places.launch));
    return launch.success ? Object.keys(launch.output.env) : [];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
