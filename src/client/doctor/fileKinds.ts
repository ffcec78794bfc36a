import path from 'node:path';
import { describeError } from '../../base/errors.ts';
import { parseText } from '../../core/jsonText.ts';

/** The kinds of files that Holdfast writes. */
export type FileKind =
  | 'sessionList'
  | 'backup'
  | 'export'
  | 'record'
  | 'saved'
  | 'journal'
  | 'host'
  | 'launch'
  | 'checkpoint'
  | 'tag'
  | 'destroyed'
  | 'unknown';

export const kindNames: Record<FileKind, string> = {
  sessionList: 'session list',
  backup: 'backup of a session list',
  export: 'export of sessions',
  record: 'record of a session',
  saved: 'saved session',
  journal: 'event journal',
  host: 'file of a session’s host',
  launch: 'launch file',
  checkpoint: 'checkpoint of a session',
  tag: 'tag of a worktree',
  destroyed: 'notes about destroyed sessions',
  unknown: 'unknown kind of file',
};

export interface RecognizedFile {
  kind: FileKind;
  /** Of JSON; absent for what is none. */
  fields: Record<string, unknown> | undefined;
  /** Why it is no JSON, or not an object. */
  syntaxError: string | undefined;
}

type Fields = Record<string, unknown>;

/** By what is in it; what is too damaged for that by its name. */
export function recognize(file: string, text: string): RecognizedFile {
  if (file.endsWith('.journal') || /^[0-9a-f]{8} [0-9a-f]{8} \{/.test(text)) {
    return { kind: 'journal', fields: undefined, syntaxError: undefined };
  }
  try {
    const value = parseText(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const fields = value as Fields;
      return { kind: kindOf(fields, file) ?? kindByName(file), fields, syntaxError: undefined };
    }
    return { kind: kindByName(file), fields: undefined, syntaxError: 'it is no JSON object' };
  } catch (error) {
    const syntaxError = text.trim() === '' ? 'it is empty' : `it is not whole JSON (${describeError(error)})`;
    const named = kindByName(file);
    return { kind: named === 'unknown' ? kindByTraces(text) : named, fields: undefined, syntaxError };
  }
}

const traces: readonly [pattern: RegExp, kind: FileKind][] = [
  [/"kind": *"saved"/, 'saved'],
  [/"kind": *"export"/, 'export'],
  [/"sessions": *\[/, 'sessionList'],
  [/"screen": *\{/, 'checkpoint'],
  [/"session": *\{/, 'record'],
];

/** What is left of a file that the user has given a name of their own. */
function kindByTraces(text: string): FileKind {
  return traces.find(([pattern]) => pattern.test(text))?.[1] ?? 'unknown';
}

function kindOf(fields: Fields, file: string): FileKind | undefined {
  const has = (...names: string[]) => names.every((name) => fields[name] !== undefined);
  if (fields.kind === 'saved') return 'saved';
  if (fields.kind === 'export') return 'export';
  if (has('sessions')) return isBackup(file) ? 'backup' : 'sessionList';
  if (has('screen', 'pty', 'launch')) return 'checkpoint';
  if (has('session') || has('id', 'status', 'worktreePath')) return 'record';
  if (has('ptyPid', 'bootId')) return 'host';
  if (has('sessionId', 'args', 'env')) return 'launch';
  if (has('id', 'key', 'branch')) return 'tag';
  if (has('seen', 'forgotten')) return 'destroyed';
  return undefined;
}

const names: readonly [pattern: RegExp, kind: FileKind][] = [
  [/^sessions.*\.json$/, 'sessionList'],
  [/^record(\.previous)?\.json$/, 'record'],
  [/^host\.json$/, 'host'],
  [/^launch\.json$/, 'launch'],
  [/^checkpoint(\.previous)?\.json$/, 'checkpoint'],
  [/^holdfast\.json$/, 'tag'],
  [/^destroyed(\.previous)?\.json$/, 'destroyed'],
];

function kindByName(file: string): FileKind {
  if (isBackup(file)) return 'backup';
  if (path.basename(path.dirname(file)) === 'saved') return 'saved';
  const name = path.basename(file);
  return names.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown';
}

function isBackup(file: string): boolean {
  return /^sessions-\d{8}T\d{6}\.\d{3}Z-[a-z]+\.json$/.test(path.basename(file));
}
