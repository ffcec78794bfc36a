import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

/** Does a call in place of the file system: given the name and arguments of the synchronous function. */
export interface FileCalls {
  /** Whether a call with these arguments is for it; all others go to the real file system. */
  owns(name: string, args: readonly unknown[]): boolean;
  call(name: string, args: readonly unknown[]): unknown;
}

type Callback = (error: unknown, value?: unknown) => void;
type FileFunction = (...args: unknown[]) => unknown;

const module = fs as unknown as Record<string, FileFunction>;
const promises = fs.promises as unknown as Record<string, FileFunction>;

/** Functions that answer with an object of two values where they are promisified. */
const twoValues: Record<string, string> = { write: 'bytesWritten', read: 'bytesRead' };

/**
 * Puts calls in the place of the named functions of `node:fs` in all their forms, for modules of either kind.
 * Returns what takes that back.
 */
export function replaceFileFunctions(names: readonly string[], calls: FileCalls): () => void {
  const undo: (() => void)[] = [];
  const replace = (
    target: Record<string, FileFunction>,
    name: string,
    make: (original: FileFunction) => FileFunction,
  ) => {
    const original = target[name];
    if (!original) return;
    target[name] = Object.assign(make(original), original);
    undo.push(() => {
      target[name] = original;
    });
  };
  for (const name of names) {
    const later = async (...args: unknown[]) => {
      // As a real call it leaves other code a turn.
      await new Promise(setImmediate);
      return calls.call(name, args);
    };
    replace(
      module,
      `${name}Sync`,
      (original) =>
        (...args) =>
          calls.owns(name, args) ? calls.call(name, args) : original(...args),
    );
    replace(module, name, (original) => withCallback(name, calls, original, later));
    replace(promises, name, (original) => async (...args) => {
      if (!calls.owns(name, args)) return original(...args);
      if (isHandle(args[0])) return later(args[0].fd, ...args.slice(1));
      return name === 'open' ? new Handle((await later(...args)) as number) : later(...args);
    });
  }
  syncBuiltinESMExports();
  return () => {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  };
}

function withCallback(name: string, calls: FileCalls, original: FileFunction, later: FileFunction): FileFunction {
  const call = (...args: unknown[]) => {
    if (!calls.owns(name, args)) return original(...args);
    const callback = args.pop() as Callback;
    (later(...args) as Promise<unknown>).then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error),
    );
  };
  const value = twoValues[name];
  if (!value) return call;
  const promised = async (...args: unknown[]) =>
    calls.owns(name, args)
      ? { [value]: await later(...args), buffer: args[1] }
      : (promisify(original) as FileFunction)(...args);
  return Object.assign(call, { [promisify.custom]: promised });
}

export function isHandle(value: unknown): value is { fd: number } {
  return typeof value === 'object' && value !== null && 'fd' in value && typeof value.fd === 'number';
}

/** A FileHandle whose every operation goes through the replaced functions. What it lacks is not in use here. */
class Handle {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  read(...args: unknown[]) {
    return promisify(fs.read)(this.fd, ...(args as [Buffer, number, number, number]));
  }

  write(...args: unknown[]) {
    return promisify(fs.write)(this.fd, ...(args as [Buffer]));
  }

  readFile(options?: null) {
    return promisify(fs.readFile)(this.fd, options);
  }

  writeFile(data: string, options?: fs.WriteFileOptions) {
    return promisify(fs.writeFile)(this.fd, data, options);
  }

  appendFile(data: string, options?: fs.WriteFileOptions) {
    return promisify(fs.writeFile)(this.fd, data, options);
  }

  stat() {
    return promisify(fs.fstat)(this.fd);
  }

  sync() {
    return promisify(fs.fsync)(this.fd);
  }

  datasync() {
    return promisify(fs.fdatasync)(this.fd);
  }

  truncate(size = 0) {
    return promisify(fs.ftruncate)(this.fd, size);
  }

  chmod(mode: fs.Mode) {
    return promisify(fs.fchmod)(this.fd, mode);
  }

  close() {
    return promisify(fs.close)(this.fd);
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}
