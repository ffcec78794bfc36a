import { Throttler } from '../base/async.ts';
import type { ProcessScan } from '../core/processFacts.ts';
import { scanDarwin } from './darwinScan.ts';
import { type LinuxUnits, readLinuxUnits, scanLinux } from './linuxScan.ts';
import { type Execute, execute as executeHere } from './systemPrograms.ts';
import { scanWindows } from './windowsScan.ts';

/** One look at all processes. */
export type ScanProcesses = () => Promise<ProcessScan>;

/**
 * One look at all processes of this machine. It never began before it was asked for; those who ask while one is being
 * taken share the next.
 *
 * @throws where the system does not answer or lists only some, which proves nothing about any process.
 */
export const scanProcesses: ScanProcesses = createProcessScan(process.platform);

export function createProcessScan(platform: NodeJS.Platform, execute: Execute = executeHere): ScanProcesses {
  const take = lookFor(platform, execute);
  let scan: ProcessScan = new Map();
  const looks = new Throttler(async () => {
    const taken = await take();
    // A list without the one who asks for it is not whole.
    if (!taken.has(process.pid)) throw new Error('The system did not list all processes');
    scan = taken;
  });
  return async () => {
    await looks.run();
    return scan;
  };
}

function lookFor(platform: NodeJS.Platform, execute: Execute): ScanProcesses {
  if (platform === 'win32') return () => scanWindows(execute);
  if (platform === 'darwin') return () => scanDarwin(execute);
  let units: LinuxUnits | undefined;
  return async () => {
    units ??= await readLinuxUnits(execute);
    return scanLinux(units);
  };
}
