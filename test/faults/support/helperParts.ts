import path from 'node:path';
import { Registry } from '../../../src/helper/registry.ts';
import { SessionFiles } from '../../../src/helper/sessionFiles.ts';
import type { Log } from '../../../src/node/log.ts';
import { thisMachine } from '../../../src/node/places.ts';

const key = '0123456789abcdef';
const ignore = () => undefined;
const noLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The record files of a helper whose state folder is in `folder`. */
export function sessionFilesIn(folder: string): SessionFiles {
  const env = { ...process.env, HOLDFAST_STATE_DIR: path.join(folder, 'state') };
  return new SessionFiles(thisMachine(env), key, noLog);
}

/** What a helper knows that starts now, and what it changes, without its process. */
export async function helperIn(folder: string): Promise<{ registry: Registry; files: SessionFiles }> {
  const files = sessionFilesIn(folder);
  const records = await files.readRecords();
  const save = files.saveRecord.bind(files);
  return { registry: new Registry({ records, requests: files.requests, save }), files };
}
