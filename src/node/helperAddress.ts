import * as v from 'valibot';
import { readJson } from './durableFile.ts';
import type { RepositoryPlaces } from './places.ts';

const helperFileSchema = v.object({ socket: v.string() });

/**
 * Where the helper listens. Its own word first, where it can be read: its environment may name another socket folder
 * than the reader's.
 */
export async function helperAddress({ helperFile, helperSocket }: RepositoryPlaces): Promise<string> {
  const file = v.safeParse(helperFileSchema, await readJson(helperFile).catch(() => undefined));
  return file.success ? file.output.socket : helperSocket;
}
