import { readFileSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { deleteArchived, listArchived, restoreArchived } from './archivesCommand.ts';
import { attachSession } from './attachCommand.ts';
import { createBackup, listBackups, restoreFromBackup, verifyBackups } from './backupsCommand.ts';
import { cleanUpSessions } from './cleanUpCommand.ts';
import { type CommandName, holdfast } from './commandSpecs.ts';
import { examine } from './doctorCommand.ts';
import { explainOne } from './explainCommand.ts';
import { exportToFile } from './exportCommand.ts';
import { reportFailure } from './failureReport.ts';
import { commitSession, mergeSession, pushSession } from './homeCommands.ts';
import { importFromFile } from './importCommand.ts';
import { keepRunning } from './keepRunningCommand.ts';
import { adoptLeftover, endLeftover, listLeftovers } from './leftoversCommand.ts';
import { listSessions } from './listCommand.ts';
import { listLocks } from './locksCommand.ts';
import { printLogs } from './logsCommand.ts';
import { showPolicy } from './policyCommand.ts';
import { giveUpSession, retrySession } from './recoveryCommands.ts';
import { reportState } from './reportCommand.ts';
import type { Program } from './repositorySessions.ts';
import { restartOne, resumeSession } from './restartCommand.ts';
import { type CommandHandler, runCommandLine } from './runCommandLine.ts';
import { deleteSaved, listSaved, loadSaved, saveSession, showSaved } from './savedCommand.ts';
import { showStatus } from './statusCommand.ts';
import { stopSession } from './stopCommand.ts';
import { validateOne } from './validateCommand.ts';
import { worktreeOf } from './worktreeCommand.ts';

const handlers: Record<CommandName, CommandHandler> = {
  ls: listSessions,
  status: showStatus,
  attach: attachSession,
  explain: explainOne,
  policy: showPolicy,
  stop: stopSession,
  retry: retrySession,
  'give-up': giveUpSession,
  restart: restartOne,
  resume: resumeSession,
  worktree: worktreeOf,
  'clean-up': cleanUpSessions,
  merge: mergeSession,
  commit: commitSession,
  push: pushSession,
  report: reportState,
  'keep-running': keepRunning,
  'leftovers list': listLeftovers,
  'leftovers end': endLeftover,
  'leftovers adopt': adoptLeftover,
  logs: printLogs,
  locks: listLocks,
  'saved list': listSaved,
  'saved save': saveSession,
  'saved show': showSaved,
  'saved load': loadSaved,
  'saved delete': deleteSaved,
  'archives list': listArchived,
  'archives restore': restoreArchived,
  'archives delete': deleteArchived,
  'backups list': listBackups,
  'backups create': createBackup,
  'backups restore': restoreFromBackup,
  'backups verify': verifyBackups,
  export: exportToFile,
  import: importFromFile,
  doctor: examine,
  validate: validateOne,
};

const program: Program = {
  dist: __dirname,
  // Read only where it is needed, so that a damaged installation is told like any other failure.
  get version(): string {
    return JSON.parse(readFileSync(path.join(__dirname, 'version.json'), 'utf8')).version;
  },
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as `head`, is no error.
  process.exit(error.code === 'EPIPE' ? 0 : reportFailure(notPrinted(error)));
});

function notPrinted(error: NodeJS.ErrnoException): HoldfastError {
  return new HoldfastError('UNKNOWN', `The output could not be written (${error.code}).`, {
    advice: 'Write it to another place.',
    cause: error,
  });
}

void runCommandLine(process.argv.slice(2), { spec: holdfast, handlers, program }).then((code) => {
  process.exitCode = code;
});
