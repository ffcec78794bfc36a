import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { Disposable } from '../base/lifecycle.ts';
import { isMissing } from '../node/durableFile.ts';
import type { Log } from '../node/log.ts';

/** A folder to be watched for somebody: for some names in it, or for all but git's own locks. */
export interface WatchedFolder {
  folder: string;
  names?: readonly string[];
  /** It need not be there. */
  isOptional?: true;
  /**
   * It is one of the user's, where a file may be called like a lock, and where a program may write so much that each
   * word of it would keep a processor busy: what happens there is told once, until it is set again.
   */
  holdsFiles?: true;
  /** With all that is below; only where the system can do that by one watch. */
  isRecursive?: true;
  /** Something of it has changed. */
  onChange: () => void;
}

/** Whether it has just begun to watch any of them, held all of them before, or cannot watch one. */
export type WatchState = 'begun' | 'held' | 'failed';

interface Watch {
  watcher: FSWatcher;
  folders: Map<string, WatchedFolder>;
}

/** Watches folders, each once for all who want to know. */
export class FolderWatches implements Disposable {
  readonly #log: Log;
  readonly #watches = new Map<string, Watch>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Watches these folders for somebody, and no longer those of before. What happened before it began to watch one it
   * tells nobody.
   */
  set(id: string, folders: readonly WatchedFolder[]): WatchState {
    const wanted = new Set(folders.map(({ folder }) => folder));
    for (const folder of this.#watches.keys()) if (!wanted.has(folder)) this.#leave(folder, id);
    const states = folders.map((one) => this.#join(id, one));
    if (states.some((state, index) => state === 'failed' || (state === 'missing' && !folders[index]?.isOptional)))
      return 'failed';
    return states.includes('begun') ? 'begun' : 'held';
  }

  forgetOthers(known: ReadonlySet<string>): void {
    const ids = new Set([...this.#watches.values()].flatMap(({ folders }) => [...folders.keys()]));
    for (const id of ids) if (!known.has(id)) this.set(id, []);
  }

  dispose(): void {
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #join(id: string, wanted: WatchedFolder): WatchState | 'missing' {
    const known = this.#watches.get(wanted.folder) ?? this.#open(wanted);
    if (known === 'missing' || known === 'failed') return known;
    const isHeld = known.folders.has(id);
    known.folders.set(id, wanted);
    return isHeld ? 'held' : 'begun';
  }

  #leave(folder: string, id: string): void {
    const known = this.#watches.get(folder);
    known?.folders.delete(id);
    if (known?.folders.size === 0) this.#close(folder, known);
  }

  /** It fails where there are too many watches on this machine. */
  #open({ folder, isRecursive }: WatchedFolder): Watch | 'missing' | 'failed' {
    try {
      const options = { persistent: false, recursive: isRecursive === true };
      const watcher = watch(folder, options, (_event, name) => this.#noticed(folder, opened, name));
      const opened: Watch = { watcher, folders: new Map() };
      watcher.on('error', () => this.#close(folder, opened));
      this.#watches.set(folder, opened);
      return opened;
    } catch (error) {
      this.#log.debug('A folder cannot be watched', { folder, error });
      return isMissing(error) ? 'missing' : 'failed';
    }
  }

  #close(folder: string, opened: Watch): void {
    opened.watcher.close();
    if (this.#watches.get(folder) === opened) this.#watches.delete(folder);
  }

  /**
   * A folder that is removed or moved tells its own name at last; another one in its place needs a watch of its own. Some
   * systems do not say which file it was.
   */
  #noticed(folder: string, opened: Watch, name: string | null): void {
    const isGone = name === path.basename(folder);
    const isFor = (wanted: WatchedFolder) => isGone || name === null || isWanted(wanted, name);
    const told = [...opened.folders.values()].filter(isFor);
    if (isGone || told.some(({ holdsFiles }) => holdsFiles)) this.#close(folder, opened);
    for (const { onChange } of told) onChange();
  }
}

function isWanted({ names, holdsFiles }: WatchedFolder, name: string): boolean {
  if (holdsFiles) return !/(^|[\\/])\.git([\\/]|$)/.test(name);
  return !name.endsWith('.lock') && (names === undefined || names.includes(name));
}
