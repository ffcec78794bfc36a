import { readlink } from 'node:fs/promises';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { fileOf, readCommitted } from '../node/worktreeReview.ts';
import { baseScheme } from './ids.ts';
import type { Workspace } from './workspace.ts';

const commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/));

/** What stands in such a file's address: a file of a commit, the text of a symbolic link on disk, or nothing at all. */
const addressSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('committed'), cwd: v.string(), commit, file: v.string() }),
  v.strictObject({ kind: v.literal('link'), cwd: v.string(), file: v.string() }),
  v.strictObject({ kind: v.literal('empty') }),
]);
type BaseFile = v.InferOutput<typeof addressSchema>;

/** Files of commits are asked for by their size first and then by their content; bytes. */
const maxCached = 32 * 1024 * 1024;

/** The address of what a file was, for the editor to show under the name that it has in `shownAs`. */
export function baseFileUri(shownAs: vscode.Uri, file: BaseFile): vscode.Uri {
  return shownAs.with({ scheme: baseScheme, query: JSON.stringify(file) });
}

/** Shows files as they were in a commit, byte for byte, so that also pictures can be compared. */
export function registerBaseFiles(workspace: Pick<Workspace, 'list'>): vscode.Disposable {
  const files = new BaseFiles(workspace);
  return vscode.workspace.registerFileSystemProvider(baseScheme, files, { isReadonly: true, isCaseSensitive: true });
}

class BaseFiles implements vscode.FileSystemProvider {
  readonly #workspace: Pick<Workspace, 'list'>;
  readonly #cache = new Map<string, Uint8Array>();
  readonly #onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#onDidChangeFile.event;

  constructor(workspace: Pick<Workspace, 'list'>) {
    this.#workspace = workspace;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { length } = await this.readFile(uri);
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: 0,
      size: length,
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const file = v.parse(addressSchema, JSON.parse(uri.query));
    if (file.kind === 'empty') return new Uint8Array();
    // Git runs programs that a repository's settings name, so that none is asked that somebody else has made up.
    if (!this.#workspace.list().some(({ worktreePath }) => worktreePath === file.cwd))
      throw vscode.FileSystemError.FileNotFound(uri);
    if (file.kind === 'link') return Buffer.from(await readlink(fileOf(file.cwd, file.file)));
    const known = this.#cache.get(uri.query);
    if (known) return known;
    try {
      return this.#keep(uri.query, await readCommitted(file.cwd, file.commit, file.file));
    } catch {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  /** What a commit holds never changes, so that only room has to be made. */
  #keep(key: string, content: Uint8Array): Uint8Array {
    this.#cache.set(key, content);
    let size = [...this.#cache.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of this.#cache) {
      if (size <= maxCached) break;
      this.#cache.delete(oldest);
      size -= length;
    }
    return content;
  }
}
