import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Editor } from '../../support/editor.ts';

/** The folders in which the windows of an editor keep their session lists, the one that was used last first. */
export async function windowStorages({ dataFolder }: Editor): Promise<string[]> {
  const storages = join(dataFolder, 'data', 'User', 'workspaceStorage');
  const folders = (await readdir(storages)).map((name) => join(storages, name, 'holdfast.holdfast'));
  const used = folders.map(async (folder) => {
    const entry = await stat(join(folder, 'sessions.json')).catch(() => undefined);
    return entry ? [{ folder, time: entry.mtimeMs }] : [];
  });
  return (await Promise.all(used))
    .flat()
    .sort((a, b) => b.time - a.time)
    .map(({ folder }) => folder);
}
