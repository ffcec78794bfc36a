import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Operation } from '../protocol/changes.ts';
import { exists } from './exists.ts';

/** The files in git's folder for a worktree by which it knows that it is in the middle of something. */
export const operationFiles = [
  'rebase-merge/msgnum',
  'rebase-apply/next',
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'BISECT_LOG',
] as const;

/** What git is in the middle of in a worktree, by its files alone, in the order in which `git status` looks. */
export async function readOperation(gitDir: string): Promise<Operation | undefined> {
  const has = (name: string) => exists(path.join(gitDir, name));
  if (await has('rebase-merge')) return { kind: 'rebase', ...(await readSteps(gitDir, 'rebase-merge', mergeSteps)) };
  if (await has('rebase-apply')) {
    const kind = (await has('rebase-apply/applying')) ? 'am' : 'rebase';
    return { kind, ...(await readSteps(gitDir, 'rebase-apply', applySteps)) };
  }
  if (await has('MERGE_HEAD')) return { kind: 'merge' };
  if (await has('CHERRY_PICK_HEAD')) return { kind: 'cherryPick' };
  if (await has('REVERT_HEAD')) return { kind: 'revert' };
  return (await has('BISECT_LOG')) ? { kind: 'bisect' } : undefined;
}

const mergeSteps = ['msgnum', 'end'] as const;
const applySteps = ['next', 'last'] as const;

async function readSteps(
  gitDir: string,
  folder: string,
  names: readonly [step: string, total: string],
): Promise<Pick<Operation, 'step' | 'total'>> {
  const read = async (name: string) => Number(await readFile(path.join(gitDir, folder, name), 'utf8').catch(() => NaN));
  const [step, total] = await Promise.all(names.map(read));
  return isStep(step) && isStep(total) ? { step, total } : {};
}

function isStep(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value > 0;
}
