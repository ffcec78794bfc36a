import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { readJson, writeJson } from '../node/durableFile.ts';
import type { RepositoryPlaces } from '../node/places.ts';

const epochSchema = v.object({ epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) });

/** The epoch that a file names; undefined where there is no such file, or none in it. */
export async function readEpoch(file: string): Promise<number | undefined> {
  const content = v.safeParse(epochSchema, await readJson(file));
  return content.success ? content.output.epoch : undefined;
}

export function writeEpoch(file: string, epoch: number): Promise<void> {
  return writeJson(file, { epoch });
}

/** Begins the next epoch. The caller holds the helper's lock. Returns the epoch once it lasts. */
export async function raiseEpoch(places: RepositoryPlaces, now = Date.now()): Promise<number> {
  const epoch = ((await readEpoch(places.epochFile)) ?? (await recoverEpoch(places, now))) + 1;
  await writeEpoch(places.epochFile, epoch);
  return epoch;
}

/**
 * Where the file is lost, what the last helper and the hosts have noted counts. They may be lost with it, so no epoch
 * begins below the seconds since 1970, which no number of helpers overtakes.
 */
async function recoverEpoch({ helperFile, sessionsFolder }: RepositoryPlaces, now: number): Promise<number> {
  const sessions = await readdir(sessionsFolder).catch(() => []);
  const files = [helperFile, ...sessions.map((id) => path.join(sessionsFolder, id, 'host.json'))];
  const noted = await Promise.all(files.map((file) => readEpoch(file).catch(() => undefined)));
  return Math.max(Math.floor(now / 1000), ...noted.filter((epoch) => epoch !== undefined));
}
