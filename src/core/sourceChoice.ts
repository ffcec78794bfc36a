import { ago } from './presentation.ts';
import { toSafeName } from './sessionName.ts';

export type RefKind = 'branch' | 'remote' | 'tag';

/** A branch, remote branch or tag to choose from. */
export interface Ref {
  kind: RefKind;
  /** Without `refs/heads/` and the like. */
  name: string;
  /** Of the last commit, or of the tag; ISO 8601. */
  date: string;
  /** The first line of its message. */
  subject: string;
  /** Where it is checked out. */
  worktree?: string;
  /** What a local branch follows, such as `origin/main`. */
  upstream?: string;
}

/** What the user has chosen for a new session to work on; nothing is what the settings say. */
export type SourceChoice =
  | { kind: 'usual' }
  | { kind: 'head' }
  | { kind: 'default' }
  | { kind: 'from'; ref: string }
  | { kind: 'branch'; branch: string }
  | { kind: 'worktree'; path: string; branch: string }
  | { kind: 'folder' };

/** The part of a new session's options that such a choice stands for. */
export interface SourceOptions {
  branch?: string;
  baseBranch?: string;
  base?: 'head' | 'default';
  adoptWorktree?: string;
  worktree?: boolean;
}

export function sourceOptions(choice: SourceChoice): SourceOptions {
  switch (choice.kind) {
    case 'usual':
      return {};
    case 'head':
    case 'default':
      return { base: choice.kind };
    case 'from':
      return { baseBranch: choice.ref };
    case 'branch':
      return { branch: choice.branch };
    case 'worktree':
      return { adoptWorktree: choice.path };
    case 'folder':
      return { worktree: false };
  }
}

/** What there is to choose from in a repository; each absent where there is none. */
export interface SourceSurvey {
  /** What is checked out in the open folder: a branch, or a commit's full hash. */
  head?: { ref: string; isDetached: boolean };
  /** The default branch, as far as it is known. */
  main?: string;
  /** Worktrees that no session has. */
  worktrees: readonly { path: string; branch: string }[];
  remotes: readonly string[];
  /** What the settings say. */
  base: 'head' | 'default';
}

/** What the session will work on, under the box for its name; undefined for a folder that is no repository. */
export function describeChoice(choice: SourceChoice, survey: SourceSurvey | undefined): string {
  const fresh = (from: string | undefined) => `The branch will be feature/<name>${from ? `, from ${from}` : ''}.`;
  if (!survey) return 'This folder is no git repository, so the session will work in the folder itself.';
  switch (choice.kind) {
    case 'usual':
      return fresh(survey.base === 'default' ? survey.main : headText(survey));
    case 'head':
      return fresh(headText(survey));
    case 'default':
      return fresh(survey.main);
    case 'from':
      return fresh(short(choice.ref));
    case 'branch':
      return describeBranch(choice.branch, survey);
    case 'worktree':
      return `The session will work on ${choice.branch} in ${choice.path}, which stays when the session goes.`;
    case 'folder':
      return 'The session will work in this folder itself, without a worktree.';
  }
}

function describeBranch(branch: string, { remotes }: SourceSurvey): string {
  const remote = remotes.find((name) => branch.startsWith(`${name}/`));
  if (remote === undefined) return `The session will work on ${branch}.`;
  return `The session will work on ${branch.slice(remote.length + 1)}, which follows ${branch}.`;
}

function headText({ head }: SourceSurvey): string | undefined {
  return head && short(head.ref);
}

function short(ref: string): string {
  return /^[0-9a-f]{40,64}$/.test(ref) ? ref.slice(0, 8) : ref;
}

/** The name that suits what was chosen; undefined where nothing suggests one. */
export function suggestedName(choice: SourceChoice, remotes: readonly string[]): string | undefined {
  if (choice.kind !== 'branch' && choice.kind !== 'worktree') return undefined;
  const remote = remotes.find((name) => choice.branch.startsWith(`${name}/`));
  const own = remote === undefined ? choice.branch : choice.branch.slice(remote.length + 1);
  return toSafeName(own.replace(/^feature\//, '')) || undefined;
}

/** A line of a list to pick from; one without a value is a heading. */
export interface Entry<T> {
  label: string;
  description?: string;
  detail?: string;
  value?: T;
}

/** A choice, or a list of its own to make it from. */
export type SourceEntry = SourceChoice | { kind: 'list'; of: 'bases' | 'branches' | 'worktrees' } | { kind: 'init' };

export function sourceEntries(survey: SourceSurvey | undefined): Entry<SourceEntry>[] {
  const folder: Entry<SourceEntry> = {
    label: '$(folder-opened) No worktree',
    description: 'work in this folder itself',
    value: { kind: 'folder' },
  };
  const init: Entry<SourceEntry> = {
    label: '$(source-control) Initialize Repository',
    description: 'so that sessions get branches and worktrees',
    value: { kind: 'init' },
  };
  if (!survey) return [folder, init];
  return [
    { label: 'New branch from' },
    ...baseEntries(survey),
    { label: 'Instead' },
    ...insteadEntries(survey),
    folder,
  ];
}

function baseEntries({ head, main }: SourceSurvey): Entry<SourceEntry>[] {
  const entries: Entry<SourceEntry>[] = [];
  if (head) {
    const description = head.isDetached ? 'checked out here, on no branch' : 'checked out here';
    const icon = head.isDetached ? 'git-commit' : 'git-branch';
    entries.push({ label: `$(${icon}) ${short(head.ref)}`, description, value: { kind: 'head' } });
  }
  if (main !== undefined && main !== head?.ref)
    entries.push({ label: `$(home) ${main}`, description: 'the default branch', value: { kind: 'default' } });
  return [...entries, { label: '$(search) Another branch, tag or commit…', value: { kind: 'list', of: 'bases' } }];
}

function insteadEntries({ worktrees }: SourceSurvey): Entry<SourceEntry>[] {
  const count = worktrees.length;
  const description = count === 1 ? 'one has no session' : `${count} have no session`;
  const adopt: Entry<SourceEntry>[] =
    count === 0
      ? []
      : [{ label: '$(list-tree) Existing worktree…', description, value: { kind: 'list', of: 'worktrees' } }];
  return [{ label: '$(git-branch) Existing branch…', value: { kind: 'list', of: 'branches' } }, ...adopt];
}

const kinds: readonly [kind: RefKind, heading: string, icon: string][] = [
  ['branch', 'Branches', 'git-branch'],
  ['remote', 'Remote branches', 'cloud'],
  ['tag', 'Tags', 'tag'],
];

/** What a new branch can start from. */
export function refEntries(refs: readonly Ref[], now: Date): Entry<SourceChoice>[] {
  return kinds.flatMap(([kind, heading, icon]) => {
    const entries = refs
      .filter((ref) => ref.kind === kind)
      .map((ref) => refEntry(ref, { icon, now, value: { kind: 'from', ref: ref.name } }));
    return entries.length > 0 ? [{ label: heading }, ...entries] : [];
  });
}

/**
 * The branches that a session can work on: those that are checked out nowhere, those of remotes that no local one
 * follows, and those whose worktree can be had with them.
 */
export function branchEntries(
  refs: readonly Ref[],
  worktrees: SourceSurvey['worktrees'],
  now: Date,
): Entry<SourceChoice>[] {
  const followed = new Set(refs.map(({ upstream }) => upstream));
  return kinds.flatMap(([kind, heading, icon]) => {
    const entries = refs
      .filter((ref) => ref.kind === kind && kind !== 'tag' && !(kind === 'remote' && followed.has(ref.name)))
      .flatMap((ref) => {
        const value = workOn(ref, worktrees);
        return value ? [refEntry(ref, { icon, now, value })] : [];
      });
    return entries.length > 0 ? [{ label: heading }, ...entries] : [];
  });
}

function workOn({ name, worktree }: Ref, worktrees: SourceSurvey['worktrees']): SourceChoice | undefined {
  if (worktree === undefined) return { kind: 'branch', branch: name };
  const free = worktrees.find(({ branch }) => branch === name);
  return free && { kind: 'worktree', path: free.path, branch: name };
}

function refEntry(
  { name, date, subject }: Ref,
  { icon, now, value }: { icon: string; now: Date; value: SourceChoice },
): Entry<SourceChoice> {
  const where = value.kind === 'worktree' ? [`in ${value.path}`] : [];
  const when = date ? [ago(date, now)] : [];
  return { label: `$(${icon}) ${name}`, description: [...when, ...where, subject].join(' · '), value };
}

export function worktreeEntries(worktrees: SourceSurvey['worktrees']): Entry<SourceChoice>[] {
  return worktrees.map(({ path, branch }) => ({
    label: `$(list-tree) ${branch}`,
    description: path,
    value: { kind: 'worktree', path, branch },
  }));
}

/** Whether a text may name a commit that is in no list: a part of a hash, or one told from another, as in `main~2`. */
export function mayNameCommit(text: string): boolean {
  return /^[0-9a-f]{4,64}$/i.test(text) || /[~^@]/.test(text);
}
