import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { provision } from './cache.ts';
import { npm } from './npm.mjs';
import { repositoryRoot } from './paths.ts';
import { pins } from './pins.ts';

/** Returns the file that starts VS Code's own server, fetching it on first use: about 600 MB, a minute or two. */
export async function vscodeServerMain(): Promise<string> {
  const folder = await provision(`code-server-${pins.codeServer}`, install);
  return join(vscodeFolder(folder), 'out', 'server-main.js');
}

async function install(folder: string): Promise<void> {
  console.log('Fetching the VS Code server (about 600 MB, once; it is kept outside this clone) …');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  console.log('  1 of 3: the server');
  await npm(['install', `code-server@${pins.codeServer}`, '--save-exact', '--omit=optional', ...quiet], folder);
  const vscode = vscodeFolder(folder);
  console.log('  2 of 3: what it depends on');
  await npm(['install', '--omit=dev', ...quiet], vscode);
  console.log('  3 of 3: what its extensions depend on');
  await npm(['install', '--omit=dev', ...quiet], join(vscode, 'extensions'));
  await replaceNativeParts(vscode);
}

/** Puts plain JavaScript where the server would need modules compiled on this machine. */
async function replaceNativeParts(vscode: string): Promise<void> {
  for (const part of ['spdlog', 'native-watchdog']) {
    const source = join(repositoryRoot, 'test', 'support', 'serverParts', `${part}.cjs`);
    await copyFile(source, join(vscode, 'node_modules', '@vscode', part, 'index.js'));
  }
}

function vscodeFolder(folder: string): string {
  return join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
}
