import { delimiter, sep } from 'node:path';

/**
 * A copy of an environment without what npm, VS Code and Electron put there for their own children:
 * a terminal inside the editor inherits it, and a nested npm or `code` would act on it.
 */
export function cleanEnvironment(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const entries = Object.entries(source).filter(([name]) => !isLeftover(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, isPath(name) ? cleanPath(value) : value]));
}

function isLeftover(name: string): boolean {
  return /^(npm_|vscode_|electron_)/i.test(name) || ['INIT_CWD', 'NODE', 'COLOR'].includes(name);
}

function isPath(name: string): boolean {
  return name.toUpperCase() === 'PATH';
}

function cleanPath(value = ''): string {
  const fromNpm = [`node_modules${sep}.bin`, 'node-gyp-bin'];
  const folders = value.split(delimiter);
  return folders.filter((folder) => !fromNpm.some((end) => folder.endsWith(end))).join(delimiter);
}
