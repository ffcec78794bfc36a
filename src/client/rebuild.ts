import { randomUUID } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { describeError, HoldfastError } from '../base/errors.ts';
import { noNotes } from '../core/destroyedNotes.ts';
import type { RebuildEvidence, RecordSource, RestoredSession, SeenWorktree } from '../core/rebuildEvidence.ts';
import { planRebuild, type RebuildPlan } from '../core/rebuildPlan.ts';
import type { Proposal } from '../core/rebuildProposals.ts';
import { chooseName } from '../core/sessionName.ts';
import { isLive } from '../core/sessionRecord.ts';
import { worktreesFolder } from '../core/worktreeLocation.ts';
import { readRecordCopy } from '../node/checkpointFile.ts';
import { readDestroyedNotes } from '../node/destroyedNotes.ts';
import { isMissing } from '../node/durableFile.ts';
import { exists } from '../node/exists.ts';
import {
  type Machine,
  type RepositoryPlaces,
  repositoryPlaces,
  type SessionPlaces,
  sessionPlaces,
} from '../node/places.ts';
import { liveness } from '../node/processIdentity.ts';
import { readRecordFile } from '../node/recordFile.ts';
import { type GitRepository, listWorktrees, type Workplace, type WorktreeEntry } from '../node/repository.ts';
import { isWorktreeOf } from '../node/worktree.ts';
import { readWorktreeNotes, type WorktreeNotes } from '../node/worktreeTags.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import type { HelperClient } from './helperClient.ts';
import { readHostFile } from './hostAddress.ts';
import { type CreatedSession, told, whileNamesRace } from './sessionCreation.ts';
import { locationContext, tagSession } from './sessionWorktree.ts';
import { findReplicas } from './windowStorages.ts';

export interface RebuildContext {
  machine: Machine;
  workplace: Workplace;
  /** The window's own storage, beside which others are looked for; the command line has none. */
  storage?: string;
  settings: () => { worktreesFolder: string };
}

export interface RebuildOptions {
  /** What the window or the helper knows, tombstones included. */
  known: readonly SessionRecord[];
  /** What of it the helper has not taken in. */
  heldBack?: RecordSource;
  /** Whether worktrees that were kept of destroyed sessions are proposed as well. */
  withKept?: boolean;
}

/**
 * Looks for sessions that are not known: in the storages of other windows, in the folders that sessions keep, and in
 * the worktrees. Reads only; no helper is needed.
 *
 * @throws {HoldfastError} `GIT_FAILED`, `GIT_MISSING`, `NO_FOLDER`
 */
export async function rebuild(context: RebuildContext, options: RebuildOptions): Promise<RebuildPlan> {
  return planRebuild(await gatherEvidence(context, options));
}

async function gatherEvidence(context: RebuildContext, options: RebuildOptions): Promise<RebuildEvidence> {
  const { machine, workplace, storage } = context;
  const { key } = workplace;
  const places = repositoryPlaces(machine, key);
  const replicas = await findReplicas(places, storage);
  const folders = await readSessionFolders(machine, places);
  const heldBack = options.heldBack ? [options.heldBack] : [];
  const sources = [...replicas.map((replica) => ({ kind: 'replica' as const, ...replica })), ...folders, ...heldBack];
  const records = [...options.known, ...sources.flatMap((source) => source.records)];
  const seen = workplace.kind === 'git' ? await seeWorktrees(workplace, context, records) : { worktrees: [] };
  const { forgotten } = await readDestroyedNotes(places.folder).catch(() => noNotes);
  return { key, sources, forgotten, now: new Date(), ...options, ...seen };
}

async function readSessionFolders(machine: Machine, places: RepositoryPlaces): Promise<RecordSource[]> {
  const ids = await readdir(places.sessionsFolder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const sources = await Promise.all(ids.map((id) => readSessionFolder(machine, places.key, id)));
  return sources.filter((source) => source !== undefined);
}

async function readSessionFolder(machine: Machine, key: string, id: string): Promise<RecordSource | undefined> {
  const found = await findRecord(sessionPlaces(machine, key, id), id);
  if (!found) return undefined;
  const { path: file, record } = found;
  return { kind: 'sessionFolder', path: file, records: [record], hostLives: await hostLives(machine, key, id) };
}

/** Where the record's own file is of no use, its host's copy of it. */
async function findRecord(
  places: SessionPlaces,
  id: string,
): Promise<{ path: string; record: SessionRecord } | undefined> {
  const reading = await readRecordFile(places.record, id);
  if ('record' in reading && reading.record) return { path: places.record, record: reading.record };
  const isGone = reading.state === 'missing' || (reading.state === 'damaged' && !reading.mayBeWhole);
  const record = isGone ? await readRecordCopy(places, id) : undefined;
  return record && { path: places.checkpoint, record };
}

async function hostLives(machine: Machine, key: string, id: string): Promise<boolean> {
  const host = await readHostFile(machine, key, id).catch(() => undefined);
  return host !== undefined && (await liveness(host)) === 'alive';
}

async function seeWorktrees(
  repository: GitRepository,
  { settings }: RebuildContext,
  records: readonly SessionRecord[],
): Promise<Pick<RebuildEvidence, 'worktrees' | 'mainBranch'>> {
  const [main, ...entries] = await listWorktrees(repository.root);
  const notes = await readWorktreeNotes(repository.commonDir);
  const folder = worktreesFolder(settings().worktreesFolder, locationContext(repository));
  const folders = folder === undefined ? [] : await spellings(folder);
  const tagged = notes.flatMap(({ tag }) => tag?.worktreePath ?? []);
  const recorded = records.map(({ worktreePath }) => worktreePath);
  const spelled = await spelledAs([...tagged.sort(), ...recorded.sort()]);
  const worktrees = await Promise.all(
    entries.map(async (entry) => {
      const note = notes.find((candidate) => candidate.path === entry.path);
      const isInFolder = folders.some((folder) => entry.path.startsWith(folder + path.sep));
      return seenWorktree(entry, note, { isInFolder, path: spelled.get(entry.path) ?? entry.path });
    }),
  );
  return { worktrees, mainBranch: main?.branch };
}

async function seenWorktree(
  { path: folder, branch, lockReason, prunableReason }: WorktreeEntry,
  { path: _, ...note }: Partial<WorktreeNotes> = {},
  place: Pick<SeenWorktree, 'path' | 'isInFolder'>,
): Promise<SeenWorktree> {
  // What cannot be looked at may well be there.
  const isThere = await exists(folder).catch(() => true);
  return { branch, lockReason, prunableReason, isThere, ...note, ...place };
}

/** Git writes down real paths only, records the path that led there. */
async function spelledAs(names: Iterable<string>): Promise<Map<string, string>> {
  const spelled = new Map<string, string>();
  for (const name of new Set(names)) for (const real of await spellings(name)) spelled.set(real, name);
  return spelled;
}

/** The path, and what it really is; what is gone is as real as the folder around it. */
async function spellings(name: string): Promise<string[]> {
  const real = await realpath(name).catch(async () => {
    const around = await realpath(path.dirname(name)).catch(() => path.dirname(name));
    return path.join(around, path.basename(name));
  });
  return real === name ? [name] : [name, real];
}

/** What came of bringing sessions back, each by itself. */
export interface BroughtBack {
  /** With the records that the helper has of them now. */
  sessions: RestoredSession[];
  errors: unknown[];
}

/**
 * Brings lost sessions back under revisions that no forgotten tombstone reaches, idle unless their process runs; one
 * that cannot be brought back keeps nobody from the others.
 */
export async function bringBack(
  helper: Pick<HelperClient, 'restore'>,
  sessions: readonly RestoredSession[],
): Promise<BroughtBack> {
  const back: BroughtBack = { sessions: [], errors: [] };
  for (const { record: lost, from } of sessions) {
    try {
      const [record] = await helper.restore([lost]);
      if (!record) throw new Error(`The helper has not taken “${lost.name}” in`);
      back.sessions.push({ record, from });
    } catch (error) {
      back.errors.push(error);
    }
  }
  return back;
}

export interface AcceptContext extends RebuildContext {
  helper: HelperClient;
}

/**
 * Makes the session that was proposed, idle unless its process runs, and marks the worktree as its own. Done twice it
 * is the same session; its name may get a number.
 *
 * @throws {HoldfastError} `FOLDER_EXISTS` where another session works in the worktree, or another repository owns it;
 *   `BRANCH_EXISTS`, `DISK_FULL`, `STORAGE_NOT_WRITABLE`
 */
export async function acceptProposal(
  context: AcceptContext,
  { kind, record, path: folder }: Proposal,
): Promise<CreatedSession> {
  const { helper, workplace } = context;
  if (workplace.kind === 'git' && (await exists(folder)) && !(await isWorktreeOf(workplace, folder))) {
    throw new HoldfastError(
      'FOLDER_EXISTS',
      `The folder ${folder} belongs to another repository. Nothing was changed.`,
      {
        advice: 'Run “git worktree repair” if this repository was moved, and try again.',
        data: { folder },
      },
    );
  }
  const created = await whileNamesRace(async () => {
    const { records } = await helper.list();
    const sessions = records.filter(isLive);
    const same = sessions.find(
      ({ id, worktreePath }) => id === record.id && (worktreePath === folder || kind === 'moved'),
    );
    requireFree(sessions, { folder, branch: record.branch }, same?.id ?? record.id);
    if (same) return { record: await moveTo(helper, same, folder) };
    const taken = sessions.map(({ name }) => name);
    const { name, notice } = chooseName(record.name, new Date(), taken);
    const isKnown = records.some(({ id }) => id === record.id);
    const wanted = { ...record, name, ...(isKnown ? { id: randomUUID() } : {}) };
    const [made = wanted] = await helper.restore([wanted]);
    return told(made, notice);
  });
  if (workplace.kind !== 'git' || !(await exists(folder))) return created;
  // The session is in the list by now, whatever becomes of its tag.
  return tagSession(workplace, created.record).then(
    () => created,
    (error) => withNotice(created, untagged(created.record, error)),
  );
}

function untagged({ name, worktreePath }: SessionRecord, error: unknown): string {
  const problem = describeError(error).replace(/\.$/, '');
  return `“${name}” is back, but its worktree ${worktreePath} could not be marked as its own: ${problem}.`;
}

function withNotice({ record, notice }: CreatedSession, added: string): CreatedSession {
  return told(record, notice === undefined ? added : `${notice} ${added}`);
}

function requireFree(
  sessions: readonly SessionRecord[],
  { folder, branch }: { folder: string; branch: string },
  self: string,
): void {
  const others = sessions.filter(({ id }) => id !== self);
  const owner = others.find((other) => branch && other.branch === branch && other.worktreePath !== folder);
  if (owner) {
    throw new HoldfastError('BRANCH_EXISTS', `“${owner.name}” works on ${branch} already. Nothing was changed.`, {
      advice: `Destroy “${owner.name}” first if this is the one that you need.`,
      data: { id: owner.id, branch },
    });
  }
  const other = others.find((session) => session.branch && session.worktreePath === folder);
  if (!other) return;
  throw new HoldfastError('FOLDER_EXISTS', `“${other.name}” works in ${folder} already. Nothing was changed.`, {
    advice: 'Two sessions in one worktree would overwrite each other’s work; go on with that one.',
    data: { id: other.id, folder },
  });
}

async function moveTo(helper: HelperClient, session: SessionRecord, folder: string): Promise<SessionRecord> {
  if (session.worktreePath === folder) return session;
  return helper.update(session, () => ({ worktreePath: folder }));
}
