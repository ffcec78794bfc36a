import * as v from 'valibot';
import type { Checkpoint } from '../protocol/checkpoint.ts';
import { hostFileSchema, type SavedScreen, savedScreenSchema } from '../protocol/hostMessages.ts';
import { readCheckpoints } from './checkpointFile.ts';
import { readJson } from './durableFile.ts';
import type { SessionPlaces } from './places.ts';

/**
 * What the session's last process left on its screen: the last whole checkpoint's, or what an older host saved;
 * undefined where nothing was saved or can be read. Never throws.
 */
export async function readLastScreen(places: SessionPlaces): Promise<SavedScreen | undefined> {
  const [checkpoints, content, file] = await Promise.all([
    readCheckpoints(places),
    readAny(places.screen),
    readAny(places.host),
  ]);
  const older = v.safeParse(savedScreenSchema, content);
  const screens = [...checkpoints.map(screenOf), ...(older.success ? [older.output] : [])];
  const life = v.safeParse(hostFileSchema, file);
  const since = life.success ? (life.output.screenSince ?? life.output.startedAt) : undefined;
  return screens.find((screen) => since === undefined || startOf(screen) >= since);
}

function readAny(file: string): Promise<unknown> {
  return readJson(file).catch(() => undefined);
}

function screenOf({ screen: { text, ...place }, savedAt, startedAt }: Checkpoint): SavedScreen {
  return { ...place, screen: text, savedAt, startedAt };
}

/** When the life began whose screen it is, or that screen was saved; ISO 8601 UTC. */
export function startOf({ startedAt, savedAt }: SavedScreen): string {
  return startedAt ?? savedAt;
}
