import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { archivedPath, archiveParts } from '../core/worktreeArchive.ts';
import { type SeenFile, stampOf } from './archiveInventory.ts';
import { durably, type NamedObjects, type SavedIndex } from './archiveObjects.ts';

/*
 * Git's fast-import takes bytes as they are, whatever filters, line ends or hooks the repository has, writes them with
 * one process however many files there are, and moves the ref only once it has everything.
 */

/** What was read was not what had been looked at: the file was changed meanwhile. */
export class ChangedFile extends Error {}

/** What one commit is to hold. */
export interface ArchiveContent {
  ref: string;
  message: string;
  /** Of the commit. */
  at: Date;
  parents: readonly string[];
  /** What the first parent has stays, but for what is written anew. */
  isAddition: boolean;
  /** `archive.json` and `files.json`. */
  documents: Readonly<Record<string, string>>;
  /** Files below a folder, and where in the commit they go. */
  folders: readonly { from: string; to: string; files: readonly SeenFile[] }[];
  index: SavedIndex;
  objects: NamedObjects['others'];
}

/** What was written to a path of the commit. */
export interface WrittenBlob {
  path: string;
  mode: '100644' | '100755' | '120000';
  hash: string;
}

export const importArgs: readonly string[] = [
  ...durably,
  'fast-import',
  ...['--quiet', '--done', '--depth=0', '--date-format=raw'],
];

/**
 * Writes a commit to git's fast-import; without its last word nothing of it counts.
 *
 * @param format `sha1` or `sha256`.
 * @returns What git must have for the commit to be whole.
 */
export async function writeCommit(stdin: Writable, content: ArchiveContent, format: string): Promise<WrittenBlob[]> {
  const stream = new ImportStream(stdin, format);
  await stream.say(headOf(content));
  for (const [name, text] of Object.entries(content.documents)) await stream.document(name, text);
  for (const { from, to, files } of content.folders)
    for (const file of files) await stream.file(from, file, `${to}/${archivedPath(file.path)}`);
  const { tree, sides } = content.index;
  if (tree !== undefined) await stream.say(`M 040000 ${tree} ${quoted(archiveParts.staged)}\n`);
  for (const { stage, mode, hash, path: file } of sides)
    await stream.say(`M ${mode} ${hash} ${quoted(`${archiveParts.unmerged}/${stage}/${archivedPath(file)}`)}\n`);
  for (const { hash, kind } of content.objects)
    await stream.say(
      `M ${kind === 'tree' ? '040000' : '100644'} ${hash} ${quoted(`${archiveParts.objects}/${hash}`)}\n`,
    );
  await stream.say('done\n');
  return stream.written;
}

function headOf({ ref, message, at, parents, isAddition }: ArchiveContent): string {
  const [first, ...others] = parents;
  return [
    `commit ${ref}`,
    `committer Holdfast <holdfast@localhost> ${Math.floor(at.getTime() / 1000)} +0000`,
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(first === undefined ? [] : [`from ${first}`]),
    ...others.map((parent) => `merge ${parent}`),
    ...(isAddition ? [] : ['deleteall']),
    '',
  ].join('\n');
}

const chunkSize = 1024 * 1024;

class ImportStream {
  readonly #stdin: Writable;
  readonly #format: string;
  readonly written: WrittenBlob[] = [];

  constructor(stdin: Writable, format: string) {
    this.#stdin = stdin;
    this.#format = format;
  }

  async say(data: string | Buffer): Promise<void> {
    if (!this.#stdin.write(data)) await once(this.#stdin, 'drain');
  }

  async document(name: string, text: string): Promise<void> {
    await this.#blob({ path: name, mode: '100644' }, Buffer.from(text));
  }

  /** @throws {ChangedFile} */
  async file(top: string, seen: SeenFile, to: string): Promise<void> {
    const file = path.join(top, seen.path);
    if (seen.kind === 'link') {
      await this.#blob({ path: to, mode: '120000' }, await readlink(file, 'buffer'));
      return requireSame(seen, stampOf(await lstat(file, { bigint: true })));
    }
    const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      requireSame(seen, stampOf(await handle.stat({ bigint: true })));
      const mode = seen.mode & 0o111 ? '100755' : '100644';
      await this.#stream({ path: to, mode }, handle, seen);
      requireSame(seen, stampOf(await handle.stat({ bigint: true })));
    } finally {
      await handle.close();
    }
  }

  async #blob(place: Omit<WrittenBlob, 'hash'>, data: Buffer): Promise<void> {
    const hash = this.#begin(data.length).update(data).digest('hex');
    await this.say(Buffer.concat([Buffer.from(headerOf(place, data.length)), data, Buffer.from('\n')]));
    this.written.push({ ...place, hash });
  }

  async #stream(place: Omit<WrittenBlob, 'hash'>, handle: FileHandle, { size, path: file }: SeenFile): Promise<void> {
    const hash = this.#begin(size);
    await this.say(headerOf(place, size));
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(chunkSize, size - at)), 0, null, at);
      if (bytesRead === 0) throw new ChangedFile(file);
      const data = buffer.subarray(0, bytesRead);
      hash.update(data);
      await this.say(data);
      at += bytesRead;
    }
    await this.say('\n');
    this.written.push({ ...place, hash: hash.digest('hex') });
  }

  /** Git's own name for a blob, so that what it has stored can be compared with what was read. */
  #begin(size: number) {
    return createHash(this.#format).update(`blob ${size}\0`);
  }
}

function headerOf({ path: to, mode }: Omit<WrittenBlob, 'hash'>, size: number): string {
  return `M ${mode} inline ${quoted(to)}\ndata ${size}\n`;
}

/** @see https://git-scm.com/docs/git-fast-import#Documentation/git-fast-import.txt-ltpathgt */
function quoted(name: string): string {
  return `"${name.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

function requireSame({ path: file, stamp }: SeenFile, now: string): void {
  if (stamp && stamp !== now) throw new ChangedFile(file);
}
