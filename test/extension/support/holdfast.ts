import { join, posix } from 'node:path';
import * as vscode from 'vscode';
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import type { HoldfastApi } from '../../../src/extension/api.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { helperMethods } from '../../../src/protocol/helperRpc.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Holdfast as another extension meets it. */
export function holdfastExtension(): vscode.Extension<HoldfastApi> {
  const extension = vscode.extensions.getExtension<HoldfastApi>('holdfast.holdfast');
  if (!extension) throw new Error('Holdfast is not installed.');
  return extension;
}

export function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) throw new Error('No folder is open.');
  return folder.uri.fsPath;
}

/** Names of the terminals that show sessions; VS Code opens one of its own in a panel that is left empty. */
export function terminalNames(): string[] {
  const own = vscode.window.terminals.filter(({ creationOptions }) => 'pty' in creationOptions);
  return own.map(({ name }) => name);
}

/** Holdfast's API for the surrounding suite; sessions end with each test, the helper with the suite. */
export function useHoldfast(): () => HoldfastApi {
  let api: HoldfastApi | undefined;
  before(async () => {
    api = await holdfastExtension().activate();
    await api.ready;
  });
  afterEach(async () => {
    for (const { id } of api?.listSessions() ?? []) await api?.destroySession(id);
  });
  after(endHelper);
  return () => api as HoldfastApi;
}

/** The sessions whose host's log is in an editor, by id, and `the extension` where its own is in the panel. */
export function shownLogs(): string[] {
  const shown = vscode.window.visibleTextEditors.map(({ document }) => document.uri);
  const logs = shown.filter(({ scheme, path }) => path.endsWith('/host.log') || scheme === 'output');
  return logs.map(({ scheme, path }) => (scheme === 'output' ? 'the extension' : posix.basename(posix.dirname(path))));
}

/** Logs that an earlier test has shown say nothing about the next. */
export async function hideLogs(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await vscode.commands.executeCommand('workbench.action.closePanel');
  await waitFor(shownLogs, (logs) => logs.length === 0);
}

/** The process id of the helper that runs. */
export async function helperProcess(): Promise<number | undefined> {
  const connection = await (await launcher()).tryConnect();
  const status = await connection?.request0(helperMethods.status);
  connection?.dispose();
  return status?.pid;
}

/** What is left of a window without sessions; it would end by itself after its grace time. */
async function endHelper(): Promise<void> {
  await (await (await launcher()).tryConnect())?.shutdown();
}

async function launcher(): Promise<HelperLauncher> {
  const { key } = await findWorkplace(workspaceFolder());
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  return new HelperLauncher({ machine: thisMachine(), key, dist: dist(), client });
}

/** The folder of the built programs. */
export function dist(): string {
  return join(holdfastExtension().extensionPath, 'dist');
}
