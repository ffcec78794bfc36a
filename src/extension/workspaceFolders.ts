import * as vscode from 'vscode';

/** Adds a folder behind the others; does nothing where it is there already. */
export function addFolder(path: string, name: string): void {
  const uri = vscode.Uri.file(path);
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (indexOf(uri) === -1) vscode.workspace.updateWorkspaceFolders(folders.length, 0, { uri, name });
}

/** Removes a folder that is gone, but never the first: that would start all extensions anew, and this one looks there. */
export function closeFolder(path: string): void {
  const index = indexOf(vscode.Uri.file(path));
  if (index > 0) vscode.workspace.updateWorkspaceFolders(index, 1);
}

function indexOf(uri: vscode.Uri): number {
  return (vscode.workspace.workspaceFolders ?? []).findIndex((folder) => folder.uri.toString() === uri.toString());
}
