import type { Event } from 'vscode';
import type { PushOptions } from '../client/bringHome.ts';
import type { HealthReport } from '../protocol/health.ts';
import type {
  CleanUpOptions,
  DestroyOptions,
  ExportOptions,
  HoldfastApi,
  ImportOptions,
  LoadOptions,
  NewSessionOptions,
} from './api.ts';
import {
  cleanUpSchema,
  commitSchema,
  destroyOptionsSchema,
  doctorSchema,
  exportOptionsSchema,
  fileSchema,
  importOptionsSchema,
  leftoverSchema,
  loadOptionsSchema,
  logSchema,
  mergeOptionsSchema,
  nameSchema,
  newSessionSchema,
  pushOptionsSchema,
  repairSchema,
  restartOptionsSchema,
  restoreSchema,
  saveSchema,
  targetSchema,
} from './argumentSchemas.ts';
import { parseArgument } from './commandArguments.ts';
import { diagnose } from './doctorReport.ts';
import type { HomeActions, MergeNow } from './homeActions.ts';
import type { SessionActions } from './sessionActions.ts';
import type { StateActions } from './stateActions.ts';
import type { SupervisionActions } from './supervisionActions.ts';
import type { Workspace } from './workspace.ts';
import type { WorktreeActions } from './worktreeActions.ts';
import { inspectWorktree, repairWorktree } from './worktreeRepair.ts';

export interface ApiParts {
  workspace: Workspace;
  actions: SessionActions;
  state: StateActions;
  supervision: SupervisionActions;
  home: HomeActions;
  worktrees: WorktreeActions;
  onDidChangeSessions: Event<void>;
  onDidChangeHealth: Event<HealthReport>;
  onDidChangeWork: Event<void>;
}

/** Other extensions need not be written in TypeScript, so that what they give is looked at as any other input. */
export function exportedApi(parts: ApiParts): HoldfastApi {
  const { workspace, onDidChangeSessions, onDidChangeHealth, onDidChangeWork } = parts;
  return {
    version: 1,
    onDidChangeSessions,
    onDidChangeHealth,
    onDidChangeWork,
    get ready() {
      return workspace.ready;
    },
    listSessions: () => workspace.list(),
    getSession: (id) => workspace.get(id),
    ...sessionMethods(parts),
    ...worktreeMethods(parts),
    ...supervisionMethods(parts),
    ...stateMethods(parts),
    ...homeMethods(parts),
    ...workMethods(parts),
    diagnose: async (options = {}) => diagnose(workspace, parseArgument(doctorSchema, options).fix ?? false),
  };
}

/** What is done to sessions one by one. */
function sessionMethods({ actions }: ApiParts) {
  return {
    newSession: async (options = {}) => actions.create(parseArgument(newSessionSchema, options) as NewSessionOptions),
    showTerminal: async (id) => actions.showTerminal(idOf(id)),
    stopSession: async (id) => actions.stop(idOf(id)),
    restartSession: async (id, options = {}) =>
      actions.restart(idOf(id), parseArgument(restartOptionsSchema, options).setup),
    renameSession: async (id, name) => actions.rename(idOf(id), nameOf(name)),
    destroySession: async (id, options = {}) =>
      actions.destroy(idOf(id), parseArgument(destroyOptionsSchema, options) as DestroyOptions),
    showLog: async (id) => actions.showLog(parseArgument(logSchema, { id }).id),
    restartHelper: () => actions.restartHelper(),
  } satisfies Partial<HoldfastApi>;
}

/** What is done about worktrees. */
function worktreeMethods({ workspace }: ApiParts) {
  return {
    inspectWorktree: async (id) => inspectWorktree(workspace, idOf(id)),
    repairWorktree: async (request) => repairWorktree(workspace, parseArgument(repairSchema, request)),
  } satisfies Partial<HoldfastApi>;
}

/** What is done about health, restarts and ends, of one or of many. */
function supervisionMethods({ supervision }: ApiParts) {
  return {
    health: () => supervision.health(),
    explainSession: async (id) => supervision.explain(idOf(id)),
    retryNow: async (id) => supervision.retryNow(idOf(id)),
    giveUp: async (id) => supervision.giveUp(idOf(id)),
    keepRunning: async (id) => supervision.keepRunning(idOf(id)),
    setPolicy: async (id, policy) => supervision.setPolicy(idOf(id), policy),
    stopAllSessions: () => supervision.stopAll(),
    resumeAllSessions: () => supervision.resumeAll(),
    dealWithLeftover: async (request) => supervision.dealWith(parseArgument(leftoverSchema, request)),
    cleanUpSessions: async (options) => supervision.cleanUp(parseArgument(cleanUpSchema, options) as CleanUpOptions),
  } satisfies Partial<HoldfastApi>;
}

/** What brings sessions’ work home. */
function homeMethods({ home }: ApiParts) {
  const mergeOf = (options: unknown) => parseArgument(mergeOptionsSchema, options) as MergeNow;
  return {
    planMerge: async (id, options = {}) => home.planMerge(idOf(id), mergeOf(options)),
    mergeSession: async (id, options = {}) => home.merge(idOf(id), mergeOf(options)),
    commitAll: async (id, message) => {
      const given = parseArgument(commitSchema, { id, message });
      return home.commitAll(given.id, given.message);
    },
    pushBranch: async (id, options = {}) =>
      home.push(idOf(id), parseArgument(pushOptionsSchema, options) as PushOptions),
    createPullRequest: async (id, options = {}) =>
      home.createPullRequest(idOf(id), parseArgument(pushOptionsSchema, options) as PushOptions),
  } satisfies Partial<HoldfastApi>;
}

/** What is told of the work in the sessions' worktrees. */
function workMethods({ workspace, worktrees }: ApiParts) {
  return {
    getChanges: (id) => workspace.workOf(idOf(id)).changes,
    getOverlaps: (id) => workspace.workOf(idOf(id)).overlaps,
    checkOverlaps: () => worktrees.checkOverlaps(),
    reviewChanges: async (id) => worktrees.review(idOf(id)),
  } satisfies Partial<HoldfastApi>;
}

/** What is done to what sessions are kept in. */
function stateMethods({ state }: ApiParts) {
  return {
    listBackups: () => state.listBackups(),
    restoreBackup: async (id, sessionIds) => {
      const given = parseArgument(restoreSchema, { id, sessionIds });
      return (await state.restoreBackup(given.id, given.sessionIds)).restored;
    },
    saveSession: async (id, note) => {
      const given = parseArgument(saveSchema, { id, note });
      return state.save(given.id, given.note);
    },
    listSavedSessions: () => state.listSaved(),
    getSavedSession: async (id) => state.getSaved(idOf(id)),
    loadSavedSession: async (id, options = {}) =>
      (await state.load(idOf(id), parseArgument(loadOptionsSchema, options) as LoadOptions)).record,
    deleteSavedSession: async (id) => void (await state.deleteSaved(idOf(id))),
    exportSessions: async (file, options = {}) =>
      state.exportTo(fileOf(file), parseArgument(exportOptionsSchema, options) as ExportOptions),
    importSessions: async (file, options = {}) =>
      state.importFrom(fileOf(file), parseArgument(importOptionsSchema, options) as ImportOptions),
    listArchivedSessions: () => state.listArchived(),
    restoreArchivedSession: async (id, options = {}) =>
      (await state.restoreArchived(idOf(id), parseArgument(loadOptionsSchema, options) as LoadOptions)).record,
    deleteArchivedSession: async (id) => void (await state.deleteArchived(idOf(id))),
    rebuildSessions: () => state.rebuild(),
  } satisfies Partial<HoldfastApi>;
}

function idOf(id: unknown): string {
  return parseArgument(targetSchema, { id }).id;
}

function nameOf(name: unknown): string {
  return parseArgument(nameSchema, { name }).name;
}

function fileOf(file: unknown): string {
  return parseArgument(fileSchema, { file }).file;
}
