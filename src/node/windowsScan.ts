import { type ProcessFacts, type ProcessScan, withoutLaterParents } from '../core/processFacts.ts';
import { type Execute, powershell } from './systemPrograms.ts';

/**
 * A line for each process: its id, its parent's, its working set in bytes, its CPU time in units of 100 ns, when it was
 * created in such units, as CIM tells it, which cuts it to microseconds, and as the system does to those who may know,
 * and its command line.
 */
const script = [
  '$s = @{};',
  'foreach ($p in [Diagnostics.Process]::GetProcesses()) {',
  "$s[$p.Id] = try { if ($p.HasExited) { 'ended' } else { $p.StartTime.ToFileTimeUtc() } } catch { 'hidden' } };",
  'foreach ($c in Get-CimInstance Win32_Process -Property ProcessId, ParentProcessId, WorkingSetSize,',
  'KernelModeTime, UserModeTime, CreationDate, CommandLine) {',
  "$i = [int]$c.ProcessId; $t = if ($c.CreationDate) { $c.CreationDate.ToFileTimeUtc() } else { 'hidden' };",
  "$n = if ($s.ContainsKey($i)) { $s[$i] } else { 'missing' };",
  "$l = $c.CommandLine -replace '\\s+', ' ';",
  '"$i $($c.ParentProcessId) $($c.WorkingSetSize) $($c.KernelModeTime + $c.UserModeTime) $t $n $l" }',
].join(' ');

const line = /^(\d+) (\d+) (\d+) (\d+) (\d+|hidden) (\d+|hidden|ended|missing)\s*(.*?)\s*$/;

export async function scanWindows(execute: Execute): Promise<ProcessScan> {
  return parseWindowsScan(await powershell(execute, script));
}

/** @see https://learn.microsoft.com/windows/win32/cimwin32prov/win32-process */
export function parseWindowsScan(text: string): ProcessScan {
  return withoutLaterParents(text.split('\n').flatMap(parseLine));
}

function parseLine(row: string): ProcessFacts[] {
  const [, pid, parent, rss, cpu, created = '', told = '', command] = line.exec(row) ?? [];
  const startTime = startTimeOf(created, told);
  if (startTime === undefined) return [];
  const facts = { pid: Number(pid), startTime, rss: Number(rss), cpu: Number(cpu) / 10_000, hasEnded: false };
  const commandLine = command ? { command } : {};
  return [{ ...facts, ...commandLine, parent: isOneProcess(created, told) ? Number(parent) : 0 }];
}

/** Whoever started and ended between the two lists is left out; who hides its time is at least told from the next. */
function startTimeOf(created: string, told: string): string | undefined {
  if (/^\d+$/.test(told)) return told;
  return told === 'hidden' && created !== 'hidden' ? created : undefined;
}

/** What CIM cuts off, in units of 100 ns. */
const cut = 10n;

/** Whether both lists mean one process, and not one that ended between them and one that got its pid. */
function isOneProcess(created: string, told: string): boolean {
  if (created === 'hidden' || !/^\d+$/.test(told)) return told === 'hidden';
  const difference = BigInt(told) - BigInt(created);
  return difference > -cut && difference < cut;
}
