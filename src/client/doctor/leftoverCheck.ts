import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../../node/durableFile.ts';
import { findLeftDrafts, sweepDrafts } from '../../node/leftDrafts.ts';
import { judge, readContent } from '../../node/lockOwner.ts';
import { quarantineFolder } from '../../node/quarantine.ts';
import { counted, type Diagnosed, firstOf } from './doctorContext.ts';
import type { Examination } from './examination.ts';
import { removeStaleLock } from './lockCheck.ts';

/** What writers that were killed have left, and what was put into quarantine. */
export async function checkLeftovers(examination: Examination): Promise<Diagnosed[]> {
  const folders = await placesOfFiles(examination);
  const findings = folders.map(async (folder) => [
    ...(await checkDrafts(folder)),
    ...(await checkClaims(folder)),
    ...(await checkQuarantine(folder)),
  ]);
  return (await Promise.all(findings)).flat();
}

/** Every folder in which Holdfast writes files of its own. */
async function placesOfFiles(examination: Examination): Promise<string[]> {
  const { stateFolder, folder, savedFolder } = examination.places;
  const stores = [...(await examination.storages()).map((storage) => storage.folder), folder];
  const storages = stores.flatMap((store) => [store, path.join(store, 'backups')]);
  const sessions = (await examination.sessionFolders()).map(({ places }) => places.folder);
  const folders = [stateFolder, path.join(folder, 'windows'), savedFolder, ...storages, ...sessions];
  return [...folders, ...(await gitDirs(examination))];
}

/** Where the tags of worktrees are. */
async function gitDirs({ context }: Examination): Promise<string[]> {
  const { workplace } = context;
  if (workplace.kind !== 'git') return [];
  const parent = path.join(workplace.commonDir, 'worktrees');
  return (await namesIn(parent)).map((name) => path.join(parent, name));
}

async function checkDrafts(subject: string): Promise<Diagnosed[]> {
  const drafts = await findLeftDrafts(subject);
  if (drafts.length === 0) return [];
  const names = drafts.map(({ file, writtenAt }) => `${path.basename(file)}, ${new Date(writtenAt).toISOString()}`);
  return [
    {
      code: 'drafts-left',
      severity: 'warning',
      subject,
      problem: `Processes that were cut off while writing have left ${counted(drafts.length, 'file')}.`,
      evidence: firstOf(names),
      repair: { text: 'Remove them; nothing reads them.', isSafe: true },
      apply: async () => `${counted(await sweepDrafts(subject), 'file')} removed.`,
    },
  ];
}

/** What takers of a lock put beside it: a claim with a nonce, and the right to replace one dead owner. */
const claimName = /\.lock(?:\.[0-9a-f]{8})*\.(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8})$/;

async function checkClaims(folder: string): Promise<Diagnosed[]> {
  const files = (await namesIn(folder)).filter((name) => claimName.test(name)).map((name) => path.join(folder, name));
  const looks = files.map(async (subject): Promise<Diagnosed[]> => {
    const content = await readContent(subject);
    if (!content || (await judge(content)) !== 'stale') return [];
    return [
      {
        code: 'claim-left',
        severity: 'warning',
        subject,
        problem: 'A process that was killed while it took a lock has left its claim.',
        evidence: ['pid' in content ? `Process ${content.pid} is gone.` : 'It is from before the last boot.'],
        repair: { text: 'Remove it.', isSafe: true },
        apply: () => removeStaleLock(subject),
      },
    ];
  });
  return (await Promise.all(looks)).flat();
}

async function checkQuarantine(folder: string): Promise<Diagnosed[]> {
  const subject = quarantineFolder(folder);
  const files = (await namesIn(subject)).filter((name) => !name.endsWith('.report.json')).sort();
  if (files.length === 0) return [];
  return [
    {
      code: 'quarantined',
      severity: 'info',
      subject,
      problem: `${counted(files.length, 'damaged file')} kept here, with a report beside each; delete them when you like.`,
      evidence: firstOf(files),
    },
  ];
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
