import { randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { isMissing, toStorageError } from './durableFile.ts';

/** The user's 256-bit token, made on first use; whoever can read the state folder may talk to its processes. */
export async function readToken(stateFolder: string): Promise<string> {
  const file = path.join(stateFolder, 'token');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (!isMissing(error)) throw toStorageError(error, file);
  }
  await makeToken(file);
  return (await readFile(file, 'utf8')).trim();
}

/** Of several makers at once, the first link stands and all read its token. */
async function makeToken(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600 });
    await link(draft, file);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw toStorageError(error, file);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Compares in constant time. */
export function tokensEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
