import * as vscode from 'vscode';
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import type { HoldfastApi } from '../../../src/extension/api.ts';
import { thisMachine } from '../../../src/node/places.ts';
import { findWorkplace } from '../../../src/node/repository.ts';

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

/** What is left of a window without sessions; it would end by itself after its grace time. */
async function endHelper(): Promise<void> {
  const { key } = await findWorkplace(workspaceFolder());
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  const launcher = new HelperLauncher({
    machine: thisMachine(),
    key,
    dist: `${holdfastExtension().extensionPath}/dist`,
    client,
  });
  await (await launcher.tryConnect())?.shutdown();
}
