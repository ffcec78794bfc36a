import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import * as v from 'valibot';
import { createDurable, isMissing, readJson } from './durableFile.ts';

/** Below the ports that systems give away by themselves, from 32768 on Linux and 49152 elsewhere. */
const firstPort = 20_000;

/** How many neighbouring ports a session gets. */
export const blockSize = 10;
const blocks = 1_000;

const leaseSchema = v.object({ session: v.string(), repository: v.string() });

/** A block of ports that is one session's on this machine, whether it runs or not. */
interface PortLease {
  first: number;
  file: string;
  /** Absent where the file cannot be read, which leaves the block somebody's. */
  session?: string;
  repository?: string;
}

export interface LeaseOptions {
  /** The folder of the state of all repositories. */
  stateFolder: string;
  /** The repository's key, and the session's id. */
  key: string;
  id: string;
  /** Whether nobody listens on any port of the block that begins with this one. */
  isFree?: (first: number) => Promise<boolean>;
}

/**
 * The first of the ten ports that a session has; the same each time until they are released. Undefined where there are
 * none left.
 *
 * @throws {HoldfastError} `DISK_FULL` or `STORAGE_NOT_WRITABLE`
 */
export async function leasePorts(options: LeaseOptions): Promise<number | undefined> {
  const { stateFolder, key, id, isFree = isBlockFree } = options;
  const leases = await findLeases(stateFolder);
  const own = leases.find(({ session }) => session === id);
  if (own) return own.first;
  const taken = new Set(leases.map(({ first }) => first));
  for (const first of blocksFrom(id)) {
    if (taken.has(first) || !(await isFree(first))) continue;
    const content = `${JSON.stringify({ session: id, repository: key })}\n`;
    if (await createDurable(leaseFile(stateFolder, first), content)) return first;
  }
  return undefined;
}

/** The first port of a session that has some. */
export async function findPorts(stateFolder: string, id: string): Promise<number | undefined> {
  return (await findLeases(stateFolder)).find(({ session }) => session === id)?.first;
}

export async function releasePorts(stateFolder: string, id: string): Promise<void> {
  const leases = await findLeases(stateFolder);
  await Promise.all(leases.filter(({ session }) => session === id).map(removeLease));
}

/** Releases what sessions of one repository have that are not there any more; `minAge` is in milliseconds. */
export async function releaseLeftPorts(
  stateFolder: string,
  { key, isThere, minAge }: { key: string; isThere: (id: string) => boolean; minAge: number },
): Promise<void> {
  for (const lease of await findLeases(stateFolder)) {
    const { repository, session, file } = lease;
    if (repository !== key || session === undefined || isThere(session)) continue;
    const { mtimeMs } = await stat(file);
    // One that is about to be created is in no list yet.
    if (Date.now() - mtimeMs > minAge) await removeLease(lease);
  }
}

function folderOf(stateFolder: string): string {
  return path.join(stateFolder, 'ports');
}

function leaseFile(stateFolder: string, first: number): string {
  return path.join(folderOf(stateFolder), `${first}.json`);
}

async function findLeases(stateFolder: string): Promise<PortLease[]> {
  const names = await readdir(folderOf(stateFolder)).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
  return Promise.all(numbers.map((number) => readLease(stateFolder, Number(number))));
}

async function readLease(stateFolder: string, first: number): Promise<PortLease> {
  const file = leaseFile(stateFolder, first);
  const content = v.safeParse(leaseSchema, await readJson(file).catch(() => undefined));
  return { first, file, ...(content.success ? content.output : {}) };
}

async function removeLease({ file }: PortLease): Promise<void> {
  await unlink(file).catch((error) => {
    if (!isMissing(error)) throw error;
  });
}

/** All blocks, from one that follows from the id, so that sessions seldom want the same. */
function* blocksFrom(id: string): Generator<number> {
  const start = createHash('sha256').update(id).digest().readUInt32BE() % blocks;
  for (let step = 0; step < blocks; step++) yield firstPort + ((start + step) % blocks) * blockSize;
}

async function isBlockFree(first: number): Promise<boolean> {
  const ports = Array.from({ length: blockSize }, (_, index) => first + index);
  return (await Promise.all(ports.map(isPortFree))).every(Boolean);
}

/** For all addresses and for this machine's own: on some systems one can be had while the other is taken. */
async function isPortFree(port: number): Promise<boolean> {
  return (await canListen({ port })) && (await canListen({ port, host: '127.0.0.1' }));
}

function canListen(address: net.ListenOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ ...address, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
