import fs from 'node:fs';
import path from 'node:path';

/** The functions as they were before a faulty disk put its own in their place. */
const real = { ...fs };

/** What a power cut takes: the content of files that was not synced, or that and unsynced names of a folder. */
export type Loss = 'content' | 'names and content';

class FileNode {
  readonly mode: number;
  /** The content at the last sync. */
  synced = Buffer.alloc(0);
  /** The smallest size since then, in bytes: cutting a file off lasts at once, new content does not. */
  smallest = 0;

  constructor(mode: number) {
    this.mode = mode;
  }
}

class FolderNode {
  /** The names in it at the last sync. */
  synced = new Map<string, Node>();
}

type Node = FileNode | FolderNode;

/**
 * What of a folder a power cut leaves, by the least that POSIX promises: a file's content lasts once the file is
 * synced, and a name (made, moved, linked or removed) once its folder is. All that is not synced is lost at once;
 * a real disk may keep any part of it. Files and folders only: no links, no sockets, no times.
 */
export class DurableModel {
  readonly #folder: string;
  readonly #root = new FolderNode();
  /** What is there now, by path, and by the inode that tells a file after it was moved. */
  #live = new Map<string, Node>();
  #inodes = new Map<bigint, Node>();

  /** Takes everything in the folder as synced. */
  constructor(folder: string) {
    this.#folder = folder;
    this.observe();
    for (const [file, node] of this.#live) this.#sync(file, node);
  }

  /** To be called after every operation. */
  observe(): void {
    const inodes = new Map<bigint, Node>();
    this.#live = new Map([[this.#folder, this.#root]]);
    inodes.set(real.statSync(this.#folder, { bigint: true }).ino, this.#root);
    for (const name of real.readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(this.#folder, name);
      const stats = real.lstatSync(file, { bigint: true });
      const node =
        this.#inodes.get(stats.ino) ?? (stats.isDirectory() ? new FolderNode() : new FileNode(Number(stats.mode)));
      if (node instanceof FileNode) node.smallest = Math.min(node.smallest, Number(stats.size));
      inodes.set(stats.ino, node);
      this.#live.set(file, node);
    }
    this.#inodes = inodes;
    // Windows has no way to sync a folder, and its journal keeps the order of such changes.
    if (process.platform === 'win32') for (const [file, node] of this.#folders()) this.#sync(file, node);
  }

  /** What an open file or folder holds now lasts. */
  sync(fd: number): void {
    const node = this.#inodes.get(real.fstatSync(fd, { bigint: true }).ino);
    const file = [...this.#live].find((entry) => entry[1] === node)?.[0];
    if (node && file) this.#sync(file, node);
  }

  /** Leaves in the folder what a power cut would. */
  fallBack(loss: Loss): void {
    if (loss === 'content') {
      for (const [file, node] of this.#live) if (node instanceof FileNode) put(file, node, node.smallest);
      return;
    }
    for (const name of real.readdirSync(this.#folder)) {
      real.rmSync(path.join(this.#folder, name), { recursive: true, force: true });
    }
    putAll(this.#folder, this.#root);
  }

  #sync(file: string, node: Node): void {
    if (node instanceof FileNode) {
      node.synced = real.readFileSync(file);
      node.smallest = node.synced.length;
      return;
    }
    const children = [...this.#live].filter(([child]) => child !== file && path.dirname(child) === file);
    node.synced = new Map(children.map(([child, inside]) => [path.basename(child), inside]));
  }

  #folders(): [string, FolderNode][] {
    return [...this.#live].filter((entry): entry is [string, FolderNode] => entry[1] instanceof FolderNode);
  }
}

function put(file: string, { mode, synced }: FileNode, size = synced.length): void {
  real.rmSync(file, { force: true });
  real.writeFileSync(file, synced.subarray(0, size), { mode: mode & 0o777 });
}

function putAll(folder: string, { synced }: FolderNode): void {
  for (const [name, node] of synced) {
    const file = path.join(folder, name);
    if (node instanceof FileNode) put(file, node);
    else {
      real.mkdirSync(file);
      putAll(file, node);
    }
  }
}
