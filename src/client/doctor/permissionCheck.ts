import { chmod, lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../../node/durableFile.ts';
import type { Diagnosed } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { octal, writeObstacle } from './permissions.ts';
import { checkStoragePermissions } from './storagePermissionCheck.ts';

/** Whether what is the user's alone can be had by nobody else, and can be written. */
export async function checkPermissions(examination: Examination): Promise<Diagnosed[]> {
  return [...(await checkPlaces(examination)), ...(await checkStoragePermissions(examination))];
}

async function checkPlaces({ places }: Examination): Promise<Diagnosed[]> {
  const { stateFolder, folder, sessionsFolder, socketFolder } = places;
  const writable = await checkWritable(stateFolder);
  if (process.platform === 'win32') return writable;
  const closed = [
    checkClosed(stateFolder, { code: 'state-folder-open', mode: 0o700 }),
    checkClosed(folder, { code: 'state-folder-open', mode: 0o700 }),
    checkClosed(sessionsFolder, { code: 'state-folder-open', mode: 0o700 }),
    checkClosed(path.join(stateFolder, 'token'), { code: 'token-readable', mode: 0o600 }),
  ];
  return [...writable, ...(await Promise.all(closed)).flat(), ...(await checkSocketFolder(socketFolder))];
}

async function checkWritable(subject: string): Promise<Diagnosed[]> {
  const seen = await writeObstacle(subject);
  if (seen === undefined) return [];
  return [
    {
      code: 'state-folder-unwritable',
      severity: 'error',
      subject,
      problem: 'Nothing can be written to the state folder, so that no session can be made or changed.',
      evidence: [seen],
      repair: {
        text: 'Check its permissions and its disk, or set HOLDFAST_STATE_DIR to another folder.',
        isSafe: false,
      },
    },
  ];
}

interface Secret {
  code: string;
  /** Its permission bits as they should be. */
  mode: number;
}

async function checkClosed(subject: string, { code, mode }: Secret): Promise<Diagnosed[]> {
  const entry = await statIfThere(subject);
  const isMeant = code === 'token-readable' ? entry?.isFile() : entry?.isDirectory();
  if (!entry || !isMeant || (entry.mode & 0o077) === 0) return [];
  const seen = `Its mode is ${octal(entry.mode)}; it should be ${octal(mode)}.`;
  const problem =
    code === 'token-readable'
      ? 'Others may read the token, and with it use your sessions once they reach a socket.'
      : 'Others may look into a folder that holds what is yours alone.';
  const common = { code, severity: 'error' as const, subject, problem, evidence: [seen] };
  if (entry.uid !== process.getuid?.()) {
    return [{ ...common, repair: { text: 'It is not yours; have its owner set the mode.', isSafe: false } }];
  }
  return [{ ...common, ...tightening(subject, mode) }];
}

async function checkSocketFolder(subject: string): Promise<Diagnosed[]> {
  const entry = await lstat(subject).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!entry) return [];
  const isOwn = entry.isDirectory() && entry.uid === process.getuid?.();
  if (isOwn && (entry.mode & 0o077) === 0) return [];
  const problem = 'The socket folder is not yours alone, so that no session can be reached or started.';
  const kind = entry.isSymbolicLink() ? 'a link' : entry.isDirectory() ? 'a folder' : 'no folder';
  const evidence = [`It is ${kind} of user ${entry.uid} with mode ${octal(entry.mode)}; it should be yours with 700.`];
  const common = { code: 'socket-folder-unsafe', severity: 'error' as const, subject, problem, evidence };
  if (isOwn) return [{ ...common, ...tightening(subject, 0o700) }];
  const text =
    'Remove it if it is of no use to anybody, or set HOLDFAST_RUNTIME_DIR to a folder that only you can enter.';
  return [{ ...common, repair: { text, isSafe: false } }];
}

function tightening(file: string, mode: number): Pick<Diagnosed, 'repair' | 'apply'> {
  return {
    repair: { text: `Set its mode to ${octal(mode)}.`, isSafe: true },
    apply: async () => {
      await chmod(file, mode);
      return `Its mode is ${octal(mode)} now.`;
    },
  };
}

async function statIfThere(file: string) {
  return stat(file).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
