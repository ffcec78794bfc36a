import * as vscode from 'vscode';
import type { ManagerSettings } from '../client/sessionManager.ts';
import type { WorktreeSettings } from '../client/worktreeSetup.ts';
import { defaultShell } from '../core/launchCommand.ts';
import { type ReadSupervision, readSupervision } from '../core/supervisionConfiguration.ts';
import { settingIds } from './ids.ts';

/** The user's settings as the session manager wants them. */
export function readSettings(): ManagerSettings {
  const settings = vscode.workspace.getConfiguration();
  return {
    maxSessions: settings.get<number>(settingIds.maxSessions, 4),
    worktreesFolder: settings.get<string>(settingIds.worktreesFolder, '.worktrees'),
    scrollback: settings.get<number>(settingIds.scrollback, 5000),
    theme: currentTheme(),
    shell: vscode.env.shell || defaultShell(process.platform, process.env),
    surviveLogout: settings.get<boolean>(settingIds.surviveLogout, true),
    supervision: readSupervisionSettings().settings,
    variables: readVariables(settings.get<unknown>(settingIds.env)),
    worktree: readWorktreeSettings(settings),
  };
}

/** Numbers and booleans are taken as the text that they are written as; what else is no text is left out. */
function readVariables(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value ? Object.entries(value) : [];
  const plain = entries.filter(([, text]) => ['string', 'number', 'boolean'].includes(typeof text));
  return Object.fromEntries(plain.map(([name, text]) => [name, String(text)]));
}

function readWorktreeSettings(settings: vscode.WorkspaceConfiguration): WorktreeSettings {
  const lines = (id: string) => {
    const value = settings.get<unknown>(id);
    return Array.isArray(value) ? value.filter((line) => typeof line === 'string') : [];
  };
  const timeout = settings.get<unknown>(settingIds.worktreeSetupTimeout);
  return {
    base: settings.get(settingIds.worktreeBase) === 'default' ? 'default' : 'head',
    fetch: settings.get(settingIds.worktreeFetch) === true,
    submodules: settings.get(settingIds.worktreeSubmodules) === 'init' ? 'init' : 'never',
    include: lines(settingIds.worktreeInclude),
    link: lines(settingIds.worktreeLink),
    setup: lines(settingIds.worktreeSetup),
    teardown: lines(settingIds.worktreeTeardown),
    ...(typeof timeout === 'number' && timeout >= 0 ? { setupTimeout: timeout } : {}),
  };
}

function readSupervisionSettings(): ReadSupervision {
  const settings = vscode.workspace.getConfiguration('holdfast');
  return readSupervision((setting) => settings.get<unknown>(setting));
}

/** Calls `onChange` whenever one of Holdfast’s settings changes; what makes no sense is logged once. */
export function watchSettings(log: vscode.LogOutputChannel, onChange: () => void): vscode.Disposable {
  const told = new Set<string>();
  const tellProblems = () => {
    const fresh = readSupervisionSettings().problems.filter((problem) => !told.has(problem));
    for (const problem of fresh) {
      told.add(problem);
      log.warn(problem);
    }
  };
  tellProblems();
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration('holdfast')) return;
    tellProblems();
    onChange();
  });
}

/** What a program is told that asks for the terminal's colours. */
export function currentTheme(): 'dark' | 'light' {
  const { kind } = vscode.window.activeColorTheme;
  const isLight = kind === vscode.ColorThemeKind.Light || kind === vscode.ColorThemeKind.HighContrastLight;
  return isLight ? 'light' : 'dark';
}

/** Lines above the screen that VS Code's terminals can hold. */
export function terminalScrollback(): number {
  return vscode.workspace.getConfiguration('terminal.integrated').get<number>('scrollback', 1000);
}

export async function raiseMaxSessions(limit: number): Promise<void> {
  const settings = vscode.workspace.getConfiguration();
  const inspected = settings.inspect(settingIds.maxSessions);
  const target =
    inspected?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await settings.update(settingIds.maxSessions, limit, target);
}
