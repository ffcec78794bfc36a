import { lstat, unlink } from 'node:fs/promises';
import { isMissing } from '../../node/durableFile.ts';
import { tryLock } from '../../node/lockFile.ts';
import { judge, readContent } from '../../node/lockOwner.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { probeSocket } from './socketProbe.ts';

/** A socket and the lock that whoever listens on it holds. */
interface SocketPlace {
  socket: string;
  lock: string;
  whose: string;
}

/** Whether the helper answers, and what processes that were killed have left in the socket folder. */
export async function checkSockets(examination: Examination): Promise<Diagnosed[]> {
  return [...(await checkHelper(examination)), ...(await checkLeftSockets(examination))];
}

async function checkHelper(examination: Examination): Promise<Diagnosed[]> {
  const answer = await examination.helper();
  if (answer.state !== 'silent') return [];
  return [
    {
      code: 'helper-silent',
      severity: 'error',
      subject: examination.places.helperLock,
      problem: 'The helper of this repository lives, but does not answer.',
      evidence: [...(answer.pid === undefined ? [] : [`Its process is ${answer.pid}.`]), answer.reason],
      repair: { text: `Sessions run on. ${adviceFor(examination, answer.pid)}`, isSafe: false },
    },
  ];
}

/** One that was busy, or has lost its files, is often back soon. */
function adviceFor({ places }: Examination, pid: number | undefined): string {
  const which = pid === undefined ? `the process of “helper.cjs ${places.key}”` : `process ${pid}`;
  return `Look again in a minute; if it stays so, end ${which} yourself, and another one takes over.`;
}

/** The name of a pipe on Windows goes with its owner. */
async function checkLeftSockets(examination: Examination): Promise<Diagnosed[]> {
  if (process.platform === 'win32') return [];
  const { helperLock, helperSocket } = examination.places;
  const living = await examination.hosts();
  const ended = (await examination.sessionFolders()).filter(({ id }) => !living.has(id));
  const hosts = ended.flatMap(({ places, host, id }) =>
    [...new Set([places.socket, host?.socket ?? places.socket])].map(
      (socket): SocketPlace => ({ socket, lock: places.hostLock, whose: `the host of session ${id}` }),
    ),
  );
  const all = [{ socket: helperSocket, lock: helperLock, whose: 'the helper of this repository' }, ...hosts];
  return (await Promise.all(all.map(checkSocket))).flat();
}

async function checkSocket({ socket: subject, lock, whose }: SocketPlace): Promise<Diagnosed[]> {
  if (!(await isSocket(subject))) return [];
  const owner = await readContent(lock);
  if (owner && (await judge(owner)) !== 'stale') return [];
  // Whoever listens may have lost its lock.
  if ((await probeSocket(subject)) !== 'nobody') return [];
  return [
    {
      code: 'socket-left',
      severity: 'warning',
      subject,
      problem: `Nobody listens on the socket any more: it was that of ${whose}.`,
      evidence: ['Nobody answers there.', owner ? `The owner of ${lock} is gone.` : `Nobody holds ${lock}.`],
      repair: { text: 'Remove the socket; the next one makes its own.', isSafe: true },
      apply: () => removeSocket(subject, lock),
    },
  ];
}

/** With the lock in hand nobody listens there, and nobody can begin to. */
async function removeSocket(socket: string, lock: string): Promise<string> {
  const attempt = await tryLock(lock);
  if (!('lock' in attempt)) return 'Its owner is back, so that it stays.';
  try {
    if (!(await isSocket(socket))) return 'It is gone already.';
    if ((await probeSocket(socket)) !== 'nobody') return 'Somebody listens there by now, so that it stays.';
    await unlink(socket);
    return 'It was removed.';
  } finally {
    await attempt.lock.release();
  }
}

async function isSocket(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSocket();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
