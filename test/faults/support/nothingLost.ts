import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { HelperClient } from '../../../src/client/helperClient.ts';
import { isLive, isRunning } from '../../../src/core/sessionRecord.ts';
import { liveness } from '../../../src/node/processIdentity.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { isRunningProcess, readHostFile, type Scene } from '../../integration/support/scene.ts';
import { waitFor } from '../../support/waitFor.ts';
import type { Ledger } from './ledger.ts';
import type { NumberedSession } from './numberedSession.ts';
import { outputLosses } from './outputLosses.ts';

/** What a case leaves to be looked at. */
export interface Expected {
  client: HelperClient;
  sessions: readonly NumberedSession[];
  ledger: Ledger;
}

/** Breaches of the promises, one sentence each, under what is promised. */
interface Losses {
  'every session that should live is alive as it was': string[];
  'no byte of output is missing or doubled': string[];
  'no acknowledged command was lost or done twice': string[];
  'no record says that a session runs which has no living host': string[];
}

const none: Losses = {
  'every session that should live is alive as it was': [],
  'no byte of output is missing or doubled': [],
  'no acknowledged command was lost or done twice': [],
  'no record says that a session runs which has no living host': [],
};

/** How long what the helper has just been told may take to be in its records; milliseconds. */
const patience = 10_000;

/** Asserts the four things that no fault may change. Numbered sessions fall silent. */
export async function assertNothingLost(scene: Scene, expected: Expected): Promise<void> {
  assert.deepEqual(await findLosses(scene, expected, patience), none);
}

/** @param timeout How long to look again where something is lost; milliseconds. */
export async function findLosses(scene: Scene, expected: Expected, timeout: number): Promise<Losses> {
  const { client, sessions, ledger } = expected;
  const living = sessions.filter(({ shouldLive }) => shouldLive);
  const output = await eachOf(living, (session) => outputLosses(scene, session));
  const find = async (): Promise<Losses> => {
    const { records } = await client.list();
    return {
      'every session that should live is alive as it was': await eachOf(living, processLosses),
      'no byte of output is missing or doubled': output,
      'no acknowledged command was lost or done twice': [
        ...ledger.breaches(records),
        ...(await eachOf(sessions, startLosses)),
      ],
      'no record says that a session runs which has no living host': await recordLosses(scene, records),
    };
  };
  const isWhole = (losses: Losses) => Object.values(losses).flat().length === 0;
  return waitFor(find, isWhole, { timeout }).catch(find);
}

async function eachOf<T>(items: readonly T[], find: (item: T) => Promise<string[]>): Promise<string[]> {
  return (await Promise.all(items.map(find))).flat();
}

async function processLosses({ record, program, host }: NumberedSession): Promise<string[]> {
  const [ofProgram, ofHost] = await Promise.all([liveness(program), liveness(host)]);
  return [
    ...(ofProgram === 'alive' ? [] : [`“${record.name}”: its program, process ${program.pid}, is ${ofProgram}`]),
    ...(ofHost === 'alive' ? [] : [`“${record.name}”: its host, process ${host.pid}, is ${ofHost}`]),
  ];
}

async function startLosses(session: NumberedSession): Promise<string[]> {
  const { length } = await session.startedPrograms();
  if (length === session.starts) return [];
  return [`“${session.record.name}” was started ${length} times; ${session.starts} were acknowledged`];
}

/** Also the other way round: a living host whose record says that nothing runs would be forgotten. */
async function recordLosses(scene: Scene, records: readonly SessionRecord[]): Promise<string[]> {
  const ids = await readdir(scene.places.sessionsFolder).catch(() => []);
  const known = records.filter(isLive);
  const forgotten = ids.filter((id) => !known.some((record) => record.id === id));
  return [
    ...(await eachOf(known, (record) => recordLoss(scene, record))),
    ...(await eachOf(forgotten, async (id) =>
      (await hasLivingHost(scene, id)) ? [`${id} has a host and no record`] : [],
    )),
  ];
}

async function recordLoss(scene: Scene, record: SessionRecord): Promise<string[]> {
  const isAlive = await hasLivingHost(scene, record.id);
  const what = `“${record.name}” is ${record.status}, process ${record.ptyPid ?? 'none'}`;
  if (isRunning(record) !== isAlive) return [`${what}; its host ${isAlive ? 'lives' : 'does not live'}`];
  if (!isAlive) return [];
  const host = await readHostFile(scene.session(record.id));
  const isSame = host?.ptyPid === record.ptyPid && (await isRunningProcess(record.ptyPid as number));
  return isSame ? [] : [`${what}; its host has process ${host?.ptyPid}`];
}

async function hasLivingHost(scene: Scene, id: string): Promise<boolean> {
  const host = await readHostFile(scene.session(id));
  return host !== undefined && host.exit === null && (await liveness(host)) !== 'gone';
}
