import { randomBytes } from 'node:crypto';
import path from 'node:path';

/** A new name beside `file` for what is to replace it, which tells whose it is; pids repeat, as in containers. */
export function draftOf(file: string): string {
  const { dir, base } = path.parse(file);
  return path.join(dir, `.${base}.${process.pid}-${randomBytes(8).toString('hex')}.draft`);
}

/** What the writer makes of a draft's name while it is incomplete is one, too; so is what the first builds left. */
const draftName = /^\..+\.(\d+)-[0-9a-f]+\.draft(?:\.\d+)?$/;
const namelessDraft = /^(?:sessions|record|launch|host|screen|helper|holdfast)\.json\.\d{6,10}$/;

/** Whose draft a file's name says it is; undefined for any other file. */
export function parseDraftName(name: string): { pid: number | undefined } | undefined {
  const match = draftName.exec(name);
  if (match) return { pid: Number(match[1]) };
  return namelessDraft.test(name) ? { pid: undefined } : undefined;
}
