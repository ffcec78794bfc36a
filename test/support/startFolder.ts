import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { makeDemoRepository } from './demoRepository.ts';
import { cacheDir } from './paths.ts';

/** The folder that was asked for, relative to where npm was called; a demo repository where none was. */
export async function chooseFolder(asked: string | undefined): Promise<string> {
  if (!asked) return demoFolder();
  const folder = resolve(process.env.INIT_CWD ?? process.cwd(), asked);
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}.`);
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file. Name the folder that it lies in.`);
  return realpath(folder);
}

/** Where the editor keeps what belongs to a folder, so that it is there the next time. */
export async function stateFolder(folder: string): Promise<string> {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 10);
  const state = join(cacheDir(), 'start', `${basename(folder)}-${key}`);
  await mkdir(state, { recursive: true });
  return state;
}

/** The demo repository of the last time, as long as it exists: its sessions may still be running. */
async function demoFolder(): Promise<string> {
  const memory = join(cacheDir(), 'start', 'demo.txt');
  const last = existsSync(memory) ? await readFile(memory, 'utf8') : '';
  if (last && existsSync(join(last, '.git'))) return last;
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-')));
  const folder = await makeDemoRepository(join(parent, 'demo'));
  await mkdir(join(cacheDir(), 'start'), { recursive: true });
  await writeFile(memory, folder);
  return folder;
}
