import * as v from 'valibot';
import { readJson, writeJson } from '../node/durableFile.ts';
import { isRuntime, readRuntimeVersion } from '../node/runtimeFolder.ts';
import { isOlderVersion } from '../protocol/versions.ts';

/** Whom a helper that is asked to end makes room for, in `helper.json` until the next one writes its own. */
const successorSchema = v.object({ next: v.object({ version: v.string(), runtime: v.string() }) });

/** Whether the programs in `dist` are newer than a helper of this version. */
export async function isOutdated(version: string, dist: string): Promise<boolean> {
  const own = await versionOf(dist);
  return own !== undefined && isOlderVersion(version, own);
}

/** Makes every starter, of whatever version, start the helper in `runtime` next. */
export async function announceSuccessor(helperFile: string, runtime: string): Promise<void> {
  const current = (await readJson(helperFile)) as object;
  await writeJson(helperFile, { ...current, next: { version: await readRuntimeVersion(runtime), runtime } });
}

/** The runtime folder to start from instead of a copy of `dist`: that of a newer helper which was announced. */
export async function findSuccessor(helperFile: string, dist: string): Promise<string | undefined> {
  const file = v.safeParse(successorSchema, await readJson(helperFile));
  if (!file.success) return undefined;
  const { version, runtime } = file.output.next;
  // Without its own folder, which the editor may have deleted after an update, a starter has nothing better.
  const isNewer = isOlderVersion((await versionOf(dist)) ?? '', version);
  return isNewer && (await isRuntime(runtime)) ? runtime : undefined;
}

async function versionOf(dist: string): Promise<string | undefined> {
  return readRuntimeVersion(dist).catch(() => undefined);
}
