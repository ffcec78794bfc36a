import * as vscode from 'vscode';
import type { SessionManager } from '../client/sessionManager.ts';
import { fetchSources } from '../client/sourceSurvey.ts';
import {
  branchEntries,
  type Entry,
  mayNameCommit,
  refEntries,
  type SourceChoice,
  type SourceSurvey,
  sourceEntries,
  worktreeEntries,
} from '../core/sourceChoice.ts';
import { findCommit, listRefs } from '../node/refs.ts';
import { toMessage } from './errorMessage.ts';
import { type Picked, type PickOptions, pickEntry } from './quickPicks.ts';

export interface SourcePickerContext {
  manager: SessionManager;
  /** Undefined in a folder that is no repository. */
  survey: Promise<SourceSurvey | undefined>;
  /** Makes the open folder a repository, which opens it anew. */
  initialize: () => Promise<void>;
}

/** Asks what a new session is to work on; `back` leaves that as it is, `away` gives the whole session up. */
export async function pickSource(context: SourcePickerContext): Promise<Picked<SourceChoice>> {
  const survey = await context.survey;
  for (;;) {
    const picked = await pickEntry({
      title: 'New Session: What to Work On',
      placeholder: 'A new branch, an existing one, an existing worktree, or this folder',
      entries: () => sourceEntries(survey),
    });
    if (picked === 'back' || picked === 'away') return picked;
    if (picked.kind === 'init') {
      await context.initialize();
      return 'away';
    }
    const choice = picked.kind === 'list' ? await pickEntry(lists[picked.of](context.manager, survey)) : picked;
    if (choice !== 'back') return choice;
  }
}

const lists = { bases: pickBase, branches: pickBranch, worktrees: pickWorktree };

function pickBase(manager: SessionManager, survey: SourceSurvey | undefined): PickOptions<SourceChoice> {
  const { root } = manager.options.workplace;
  return {
    title: 'New Session: Start From',
    placeholder: 'Pick a branch or tag, or type a commit',
    entries: async () => refEntries(await listRefs(root), new Date()),
    typed: (text) => typedCommit(root, text),
    ...fetching(root, survey),
  };
}

function pickBranch(manager: SessionManager, survey: SourceSurvey | undefined): PickOptions<SourceChoice> {
  const { root } = manager.options.workplace;
  return {
    title: 'New Session: Existing Branch',
    placeholder: 'Pick the branch to work on; a remote one gets a local branch that follows it',
    entries: async () => branchEntries(await listRefs(root), survey?.worktrees ?? [], new Date()),
    ...fetching(root, survey),
  };
}

function pickWorktree(_: SessionManager, survey: SourceSurvey | undefined): PickOptions<SourceChoice> {
  return {
    title: 'New Session: Existing Worktree',
    placeholder: 'Pick the worktree to work in; it stays when the session is destroyed',
    entries: () => worktreeEntries(survey?.worktrees ?? []),
  };
}

async function typedCommit(root: string, text: string): Promise<Entry<SourceChoice> | undefined> {
  const found = mayNameCommit(text) ? await findCommit(root, text) : undefined;
  if (!found) return undefined;
  const { commit, subject } = found;
  return {
    label: `$(git-commit) ${text}`,
    description: `${commit.slice(0, 8)} · ${subject}`,
    value: { kind: 'from', ref: commit },
  };
}

/** A button that brings in what is new, where there is a remote. */
function fetching(root: string, survey: SourceSurvey | undefined): Pick<PickOptions<SourceChoice>, 'refresh'> {
  const { remotes = [] } = survey ?? {};
  if (remotes.length === 0) return {};
  const run = (signal: AbortSignal) =>
    fetchSources(root, remotes, signal).catch((error) => {
      if (!signal.aborted) void vscode.window.showErrorMessage(toMessage(error));
    });
  return { refresh: { icon: 'cloud-download', tooltip: 'Fetch', run } };
}
