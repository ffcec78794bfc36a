import { counted } from './mergePlan.ts';
import type { PushState } from './pushTarget.ts';

/** “Committed 3 files on feature/x (1a2b3c4d).” */
export function describeCommitted({
  branch,
  commit,
  files,
}: {
  branch: string;
  commit: string;
  files: number;
}): string {
  return `Committed ${counted(files, 'file')} on ${branch} (${commit.slice(0, 8)}).`;
}

/** “Pushed feature/x to origin.”, with the name it has there where that is another one. */
export function describePushed({
  branch,
  remote,
  ref,
  state,
}: {
  branch: string;
  remote: string;
  ref: string;
  state: PushState;
}): string {
  const name = ref.replace(/^refs\/heads\//, '');
  const where = name === branch ? remote : `${name} on ${remote}`;
  if (state === 'upToDate') return `${remote} has everything of ${branch} already.`;
  return `Pushed ${branch} to ${where}.`;
}
