import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Project, withEnvironment } from './project.ts';

/** A value for PATH whose git runs the shell lines `before`, then what was asked for, unless they exit. */
export async function pathWithGit(project: Project, before: string): Promise<string> {
  const folder = await project.newFolder('path');
  const real = process.env.PATH as string;
  await writeScript(path.join(folder, 'git'), `PATH='${real}'\n${before}\nexec git "$@"`);
  return `${folder}${path.delimiter}${real}`;
}

export async function withGit<T>(project: Project, before: string, task: () => Promise<T>): Promise<T> {
  return withEnvironment({ PATH: await pathWithGit(project, before) }, task);
}

/** Shell lines that make a git of these arguments wait: it writes its pid to `waits`, and goes on once there is `goOn`. */
export function pauseAt(args: string, { waits, goOn }: { waits: string; goOn: string }): string {
  return `case "$*" in ${args}) echo $$ > '${waits}'; until [ -e '${goOn}' ]; do sleep 0.02; done;; esac`;
}

export async function writeHook(project: Project, name: string, text: string): Promise<void> {
  await writeScript(path.join(project.folder, '.git', 'hooks', name), text);
}

export async function writeScript(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}
