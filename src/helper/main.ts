import { readFileSync } from 'node:fs';
import path from 'node:path';
import { toErrorShape } from '../base/errors.ts';
import { createFileLog, type Log } from '../node/log.ts';
import { type Machine, type RepositoryPlaces, repositoryPlaces, thisMachine } from '../node/places.ts';
import { RemovalNotes } from '../node/removalNotes.ts';
import { markRuntimeUse } from '../node/runtimeFolder.ts';
import { prepareSocketFolder } from '../node/sockets.ts';
import { ServerToken } from '../node/token.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { ArchiveKeeper } from './archiveKeeper.ts';
import { Cleaner } from './cleaner.ts';
import { DestroyedSessions } from './destroyedSessions.ts';
import { HelperServer } from './helperServer.ts';
import { HelperService } from './helperService.ts';
import { HelperState } from './helperState.ts';
import { Registry } from './registry.ts';
import { RemovalKeeper } from './removalKeeper.ts';
import { SessionFiles } from './sessionFiles.ts';
import { Supervision } from './supervision.ts';
import { takeRight, withFreeSocket } from './takeOver.ts';

const defaultGraceMs = 30_000;

/** How often what nobody needs any more is removed; milliseconds. */
const cleaningInterval = 6 * 3_600_000;

/** How often it is tried to finish the removals of worktrees; milliseconds. */
const removalInterval = 5 * 60_000;

/**
 * `helper.cjs <repository key> [<nonce of the lock of a helper that does not answer>]`; says on standard output, in one
 * line, that it is ready, or why it is not.
 */
async function main(): Promise<void> {
  const [key = '', former] = process.argv.slice(2);
  const machine = thisMachine();
  const log = createFileLog(repositoryPlaces(machine, key).helperLog, 'helper');
  process.on('SIGHUP', () => undefined);
  process.on('uncaughtException', (error) => log.error('Unexpected error', { error, stack: error.stack }));
  process.on('unhandledRejection', (error) => log.error('Unexpected rejection', { error }));
  try {
    const server = await startHelper(machine, key, { former, log });
    report({ ready: server !== undefined });
    await server?.ended;
    process.exit(0);
  } catch (error) {
    log.error('The helper could not start', { error });
    report({ error: toErrorShape(error) });
    process.exit(1);
  }
}

/** Undefined where another helper serves this repository already. */
async function startHelper(
  machine: Machine,
  key: string,
  { former, log }: { former: string | undefined; log: Log },
): Promise<HelperServer | undefined> {
  const repository = repositoryPlaces(machine, key);
  await prepareSocketFolder(repository.socketFolder);
  const version = readVersion();
  const right = await takeRight({ places: repository, former, version, log });
  if (!right) return undefined;
  const places = await withFreeSocket(repository, right);
  await markRuntimeUse(__dirname);
  const token = await ServerToken.read(places.stateFolder);
  const files = new SessionFiles(machine, key, log, () => right.require());
  const records = await files.readRecords();
  const save = (record: SessionRecord, requests: readonly string[]) => files.saveRecord(record, requests);
  const destroyed = await DestroyedSessions.load(places.folder, log);
  if (destroyed.problem !== undefined) files.notices.push(destroyed.problem);
  const forgotten = (id: string) => destroyed.forgotten(id);
  const registry = new Registry({ records, requests: files.requests, save, forgotten });
  const { epoch } = right;
  const supervision = await Supervision.make({ places, programs: __dirname, token, epoch, files, registry, log });
  const service = new HelperService({ registry, supervision, files, log, version, clients: () => server.clients });
  const graceMs = Number(process.env.HOLDFAST_HELPER_GRACE_MS) || defaultGraceMs;
  const socketInterval = Number(process.env.HOLDFAST_SOCKET_CHECK_MS) || undefined;
  const state = new HelperState({ places, version, right, token, registry, files, log });
  const server = new HelperServer({ places, token, version, right, service, state, log, graceMs, socketInterval });
  await service.reconcile();
  await server.open();
  await state.announce();
  supervision.start();
  registry.onSaveError(({ record: { id }, error }) => log.error('A window’s record could not be saved', { id, error }));
  const { stateFolder, folder: repositoryFolder, savedFolder } = places;
  const cleaner = new Cleaner({
    registry,
    files,
    destroyed,
    links: supervision.supervisor.links,
    key,
    stateFolder,
    repositoryFolder,
    savedFolder,
    log,
  });
  void cleaner.run();
  setInterval(() => void cleaner.run(), cleaningInterval);
  keepWorktrees({ places, registry, supervision, log });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void server.close());
  log.info('Helper started', { key, version, epoch, hosts: supervision.supervisor.links.count });
  return server;
}

/** What goes on with worktrees whose session is destroyed, and with their archives. */
function keepWorktrees({ places, registry, supervision, log }: WorktreeKeeping): void {
  const { key } = places;
  const notes = new RemovalNotes(places.removalsFolder);
  const removals = new RemovalKeeper({ notes, registry, links: supervision.supervisor.links, key, log });
  const keepDays = () => supervision.settings.current.archiveKeepDays;
  const archives = new ArchiveKeeper({ places, notes, keepDays, log });
  const look = () =>
    archives.run().catch((error) => log.warn('The archives of worktrees could not be looked at', { error }));
  void removals.run();
  void look();
  setInterval(() => void removals.run(), removalInterval);
  setInterval(() => void look(), cleaningInterval);
}

interface WorktreeKeeping {
  places: RepositoryPlaces;
  registry: Registry;
  supervision: Supervision;
  log: Log;
}

function readVersion(): string {
  return JSON.parse(readFileSync(path.join(__dirname, 'version.json'), 'utf8')).version;
}

function report(message: unknown): void {
  try {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  } catch {
    // Nobody listens any more.
  }
}

void main();
