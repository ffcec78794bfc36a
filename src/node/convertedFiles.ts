import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { forEachAtMost } from '../base/async.ts';
import { convertsAll, isAsCheckedOut, type LineSettings } from '../core/checkoutBytes.ts';
import { git, tryGit } from './git.ts';
import { treeTimeout } from './worktreeStatus.ts';

const lineAttributes = new Set(['text', 'crlf', 'eol']);

/** A large file of git's LFS is a short text where it was not fetched; bytes. */
const maxPointer = 1024;

const looksAtOnce = 32;

/**
 * The tracked files that git takes for unchanged, but which a checkout may write with other bytes: ends of lines that
 * are not as the settings have them, and whatever a filter or an encoding makes.
 *
 * @param tracked Paths in the index, relative.
 * @throws {HoldfastError} `GIT_FAILED`
 */
export async function findConverted(folder: string, tracked: readonly string[]): Promise<string[]> {
  const settings = await readLineSettings(folder);
  const attributes = await readAttributes(folder, tracked);
  const filtered = [...attributes].filter(([, named]) => isFiltered(named)).map(([file]) => file);
  const large = [...attributes].filter(([, named]) => named.get('filter') === 'lfs').map(([file]) => file);
  const hasLines = [...attributes.values()].some((named) => [...named.keys()].some((name) => lineAttributes.has(name)));
  const ends = hasLines || convertsAll(settings) ? await findOddEnds(folder, settings) : [];
  return [...new Set([...filtered, ...(await findPointers(folder, large)), ...ends])];
}

async function readLineSettings(cwd: string): Promise<LineSettings> {
  const text = (await tryGit(['config', '-z', '--get-regexp', '^core\\.(autocrlf|eol)$'], { cwd })) ?? '';
  const values = text.split('\0').filter(Boolean);
  const named = values.map((value) => value.split('\n') as [string, string?]);
  const last = Object.fromEntries(named.map(([name, value = '']) => [name.slice('core.'.length), value.toLowerCase()]));
  return { ...last, platform: process.platform };
}

/** @see https://git-scm.com/docs/git-check-attr */
async function readAttributes(cwd: string, tracked: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const input = tracked.map((file) => `${file}\0`).join('');
  const args = ['check-attr', '--all', '-z', '--stdin'];
  const parts = (await git(args, { cwd, input, timeout: treeTimeout })).split('\0');
  const attributes = new Map<string, Map<string, string>>();
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [file = '', name = '', value = ''] = parts.slice(at, at + 3);
    const named = attributes.get(file) ?? new Map<string, string>();
    attributes.set(file, named.set(name, value));
  }
  return attributes;
}

function isFiltered(named: ReadonlyMap<string, string>): boolean {
  const isSet = (name: string) => !['unset', 'unspecified', undefined].includes(named.get(name));
  return (isSet('filter') && named.get('filter') !== 'lfs') || isSet('ident') || isSet('working-tree-encoding');
}

async function findOddEnds(cwd: string, settings: LineSettings): Promise<string[]> {
  const text = await git(['ls-files', '--eol', '-z'], { cwd, timeout: treeTimeout });
  return text.split('\0').flatMap((line) => {
    const [, index, worktree, attributes, file] = line.match(/^i\/(\S*) +w\/(\S*) +attr\/(.*?) *\t(.+)$/s) ?? [];
    if (index === undefined || worktree === undefined || attributes === undefined || !file) return [];
    return isAsCheckedOut({ index, worktree, attributes }, settings) ? [] : [file];
  });
}

async function findPointers(folder: string, files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  await forEachAtMost(looksAtOnce, files, async (file) => {
    const entry = await lstat(path.join(folder, file)).catch(() => undefined);
    if (entry?.isFile() && entry.size <= maxPointer) found.push(file);
  });
  return found;
}
