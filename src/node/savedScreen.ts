import * as v from 'valibot';
import { hostFileSchema, type SavedScreen, savedScreenSchema } from '../protocol/hostMessages.ts';
import { readJson } from './durableFile.ts';
import type { SessionPlaces } from './places.ts';

/** What the session's last process left on its screen; undefined where that was not saved or cannot be read. */
export async function readLastScreen({ screen, host }: SessionPlaces): Promise<SavedScreen | undefined> {
  const [content, file] = await Promise.all([screen, host].map((name) => readJson(name).catch(() => undefined)));
  const saved = v.safeParse(savedScreenSchema, content);
  if (!saved.success) return undefined;
  const life = v.safeParse(hostFileSchema, file);
  return life.success && isOlder(saved.output, life.output.startedAt) ? undefined : saved.output;
}

/** A host saves its screen before it writes its own file, so that a newer screen than the file's is the last one. */
function isOlder({ startedAt, savedAt }: SavedScreen, lastStart: string): boolean {
  return (startedAt ?? savedAt) < lastStart;
}
