/** Every id that `package.json` also names; a test holds the two together. */
export const commandIds = {
  newSession: 'holdfast.newSession',
  showTerminal: 'holdfast.showTerminal',
  stopSession: 'holdfast.stopSession',
  restartSession: 'holdfast.restartSession',
  renameSession: 'holdfast.renameSession',
  destroySession: 'holdfast.destroySession',
  showLog: 'holdfast.showLog',
  restartHelper: 'holdfast.restartHelper',
  tryAgain: 'holdfast.tryAgain',
  restoreFromBackup: 'holdfast.restoreFromBackup',
  saveSession: 'holdfast.saveSession',
  listSavedSessions: 'holdfast.listSavedSessions',
  loadSavedSession: 'holdfast.loadSavedSession',
  deleteSavedSession: 'holdfast.deleteSavedSession',
  restoreArchivedSession: 'holdfast.restoreArchivedSession',
  deleteArchivedSession: 'holdfast.deleteArchivedSession',
  exportSession: 'holdfast.exportSession',
  exportSessions: 'holdfast.exportSessions',
  importSessions: 'holdfast.importSessions',
  rebuildSessions: 'holdfast.rebuildSessions',
  doctor: 'holdfast.doctor',
  reviewLeftovers: 'holdfast.reviewLeftovers',
  retryNow: 'holdfast.retryNow',
  giveUp: 'holdfast.giveUp',
  explainSession: 'holdfast.explainSession',
  stopAllSessions: 'holdfast.stopAllSessions',
  resumeAllSessions: 'holdfast.resumeAllSessions',
  cleanUpSessions: 'holdfast.cleanUpSessions',
  mergeInto: 'holdfast.mergeInto',
  commitAll: 'holdfast.commitAll',
  pushBranch: 'holdfast.pushBranch',
  createPullRequest: 'holdfast.createPullRequest',
  repairWorktree: 'holdfast.repairWorktree',
  runSetup: 'holdfast.runSetup',
  startWithoutSetup: 'holdfast.startWithoutSetup',
  reviewChanges: 'holdfast.reviewChanges',
  openWorktree: 'holdfast.openWorktree',
  addWorktreeToWorkspace: 'holdfast.addWorktreeToWorkspace',
  copyWorktreePath: 'holdfast.copyWorktreePath',
  openInSourceControl: 'holdfast.openInSourceControl',
  checkOverlaps: 'holdfast.checkOverlaps',
} as const;

/** Menus inside menus, which `package.json` names as well. */
export const submenuIds = { worktree: 'holdfast.worktree' } as const;

export const viewIds = { sessions: 'holdfast.sessions' } as const;

export const settingIds = {
  maxSessions: 'holdfast.maxSessions',
  worktreesFolder: 'holdfast.worktreesFolder',
  worktreeBase: 'holdfast.worktree.base',
  worktreeFetch: 'holdfast.worktree.fetch',
  worktreeSubmodules: 'holdfast.worktree.submodules',
  scrollback: 'holdfast.scrollback',
  surviveLogout: 'holdfast.surviveLogout',
  retryPolicy: 'holdfast.retry.policy',
  retryMaxAttempts: 'holdfast.retry.maxAttempts',
  retryDelay: 'holdfast.retry.delay',
  retryMaxDelay: 'holdfast.retry.maxDelay',
  sessionTimeout: 'holdfast.limits.sessionTimeout',
  idleTimeout: 'holdfast.limits.idleTimeout',
  memoryLimit: 'holdfast.limits.memory',
  cpuTimeLimit: 'holdfast.limits.cpuTime',
  transcriptLimit: 'holdfast.limits.transcript',
  limitAction: 'holdfast.limits.action',
  staleAfter: 'holdfast.staleAfter',
  archiveAfter: 'holdfast.archiveAfter',
  env: 'holdfast.env',
  worktreeInclude: 'holdfast.worktree.include',
  worktreeLink: 'holdfast.worktree.link',
  worktreeSetup: 'holdfast.worktree.setup',
  worktreeTeardown: 'holdfast.worktree.teardown',
  worktreeSetupTimeout: 'holdfast.worktree.setupTimeout',
  archiveKeepDays: 'holdfast.archive.keepDays',
} as const;

/** How far the window has got with its sessions; each has a welcome text. */
export const windowStates = ['starting', 'ready', 'noFolder', 'gitMissing', 'failed'] as const;
export type WindowState = (typeof windowStates)[number];

/** Context keys for `when` clauses. */
export const contextKeys = {
  /** One of {@link windowStates}. */
  state: 'holdfast.state',
  /** Whether any session waits for its next automatic restart. */
  hasRecovering: 'holdfast.hasRecovering',
} as const;

/**
 * The `contextValue` of tree items; menus tell running from ended sessions, those with a worktree from those without, and
 * groups, by it.
 */
export const treeContexts = {
  running: 'session.running',
  recovering: 'session.recovering',
  ended: 'session.ended',
  runningPlain: 'session.running.plain',
  recoveringPlain: 'session.recovering.plain',
  endedPlain: 'session.ended.plain',
  archive: 'group.archive',
} as const;

/** Stands in the tree for the group of archived sessions; no session has such an id. */
export const archiveRow = 'archive';

/** The scheme of files as they were in a commit. */
export const baseScheme = 'holdfast-base';
