import fs from 'node:fs';
import path from 'node:path';
import { DurableModel } from './durableModel.ts';
import { errorCodes, type Fault, type FaultKind, failure, losses, ofWrites } from './faults.ts';
import { isHandle, replaceFileFunctions } from './fileFunctions.ts';

const real = { ...fs };

const changing =
  'rename link unlink mkdir mkdtemp rmdir chmod chown utimes truncate fchmod fchown futimes ftruncate'.split(' ');
const reading = 'stat lstat fstat access readFile readdir readlink realpath read opendir'.split(' ');
const readingAlone = [...reading, 'open to read', 'close after reading'];
const composed = 'open close write fsync fdatasync writeFile appendFile copyFile rm'.split(' ');
const unknown = 'symlink cp writev readv lchown lutimes'.split(' ');
const ofTwoPaths = ['rename', 'link', 'copyFile', 'symlink', 'cp'];
const takingSpace = ['open', 'write', 'mkdir', 'mkdtemp', 'link', 'rename'];

const { O_WRONLY, O_RDWR, O_CREAT } = fs.constants;
const writing = O_WRONLY | O_RDWR | O_CREAT;

interface OpenFile {
  file: string;
  isWritable: boolean;
}

export interface FaultyDiskOptions {
  fault?: Fault | undefined;
  /** Reads are counted, and struck, too. */
  withReads?: boolean | undefined;
  /** Calls that this disk does not know, as some know no links: they always fail, and count for nothing. */
  lacks?: readonly string[] | undefined;
}

/**
 * A real folder whose every operation in this process is counted, and one of which can go wrong. From a crash on no
 * operation has any effect, and all fail, until {@link FaultyDisk.restart}.
 *
 * Files of the folder have to be opened after it began, by its real path; `existsSync`, watchers and other processes
 * are not seen. Each call of `node:fs` is one operation, save for those that are several to the system, as
 * `writeFile`: opening, writing until all is written, closing. Syncing reaches only {@link DurableModel}.
 */
export class FaultyDisk {
  /** What was done, each as `rename a → b`. */
  readonly operations: string[] = [];
  readonly #folder: string;
  readonly #fault: Fault | undefined;
  readonly #withReads: boolean;
  readonly #lacks: readonly string[];
  readonly #model: DurableModel;
  readonly #open = new Map<number, OpenFile>();
  readonly #uninstall: () => void;
  #hasCrashed = false;
  /** The real functions call one another by the names that are replaced. */
  #isInside = false;

  constructor(folder: string, { fault, withReads = false, lacks = [] }: FaultyDiskOptions = {}) {
    this.#folder = folder;
    this.#fault = fault;
    this.#withReads = withReads;
    this.#lacks = lacks;
    this.#model = new DurableModel(folder);
    this.#uninstall = replaceFileFunctions([...changing, ...reading, ...composed, ...unknown], {
      owns: (name, args) => !this.#isInside && this.#owns(name, args),
      call: (name, args) => this.#call(name, args),
    });
  }

  /** Gives the real file system back, with what a crash has left. A power cut that has not struck yet strikes now. */
  restart(): void {
    this.#uninstall();
    for (const fd of this.#open.keys()) real.closeSync(fd);
    const loss = losses[this.#fault?.kind ?? ''];
    if (loss) this.#model.fallBack(loss);
  }

  #owns(name: string, args: readonly unknown[]): boolean {
    return pathsOf(name, args).some((value) => this.#nameOf(value) !== undefined);
  }

  /** A path of the folder as it is told; undefined for any other. */
  #nameOf(value: unknown): string | undefined {
    if (isHandle(value)) return this.#nameOf(value.fd);
    if (typeof value === 'number') return this.#open.get(value)?.file;
    if (value instanceof URL) return this.#nameOf(value.pathname);
    if (typeof value !== 'string' || value === '') return undefined;
    const name = path.relative(this.#folder, value);
    return name.startsWith('..') || path.isAbsolute(name) ? undefined : name.replaceAll(path.sep, '/') || '.';
  }

  #call(name: string, args: readonly unknown[]): unknown {
    const [target, second] = args as [string, string];
    switch (name) {
      case 'open':
        return this.#openFile(target, args[1] as string, args[2] as number);
      case 'close':
        return this.#closeFile(args[0] as number);
      case 'write':
        return this.#write(args[0] as number, ...bytesOf(args.slice(1)));
      case 'fsync':
      case 'fdatasync':
        return this.#operate('sync', args, () => this.#model.sync(args[0] as number));
      case 'writeFile':
        return this.#writeFile(args, 'w');
      case 'appendFile':
        return this.#writeFile(args, 'a');
      case 'copyFile':
        return this.#copyFile(target, second, args[2] as number);
      case 'rm':
        return this.#remove(target, args[1] as fs.RmOptions);
    }
    if (unknown.includes(name)) throw new Error(`The faulty disk has no ${name}.`);
    const original = (real as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[`${name}Sync`];
    if (reading.includes(name)) return this.#read(name, args, () => original?.(...args));
    return this.#operate(name, args, () => original?.(...args));
  }

  #read<T>(name: string, args: readonly unknown[], effect: () => T): T {
    return this.#withReads || this.#hasCrashed ? this.#operate(name, args, effect) : this.#inside(effect);
  }

  #operate<T>(name: string, args: readonly unknown[], effect: () => T): T {
    if (this.#hasCrashed) throw failure('ECRASHED', name);
    if (this.#lacks.includes(name)) throw failure('EPERM', name);
    const names = pathsOf(name, args).map((value) => this.#nameOf(value));
    this.operations.push(`${name} ${names.filter((told) => told !== undefined).join(' → ')}`);
    const error = this.#error(name);
    if (error) throw failure(error, name);
    try {
      return this.#inside(effect);
    } finally {
      if (!readingAlone.includes(name)) this.#inside(() => this.#model.observe());
      this.#hasCrashed = this.#strikes((kind) => kind.startsWith('killed') || kind.startsWith('power cut'));
    }
  }

  #inside<T>(effect: () => T): T {
    this.#isInside = true;
    try {
      return effect();
    } finally {
      this.#isInside = false;
    }
  }

  #strikes(isOfKind: (kind: FaultKind) => boolean): boolean {
    return this.#fault !== undefined && this.#fault.at === this.operations.length && isOfKind(this.#fault.kind);
  }

  #error(name: string): string | undefined {
    const { kind, at } = this.#fault ?? { kind: undefined, at: 0 };
    if (kind === 'the disk is full from here on') {
      return this.operations.length >= at && takingSpace.includes(name) ? 'ENOSPC' : undefined;
    }
    return errorCodes.find((code) => this.#strikes((struck) => struck === code));
  }

  #openFile(file: string, flags: string | number = 'r', mode?: fs.Mode): number {
    const isWritable = typeof flags === 'string' ? flags !== 'r' : (flags & writing) !== 0;
    const open = () => real.openSync(file, flags, mode);
    const fd = isWritable ? this.#operate('open', [file], open) : this.#read('open to read', [file], open);
    this.#open.set(fd, { file: this.#nameOf(file) ?? file, isWritable });
    return fd;
  }

  /** An error of closing tells of earlier writes; the file is closed all the same. */
  #closeFile(fd: number): void {
    if (this.#hasCrashed) throw failure('ECRASHED', 'close');
    try {
      if (this.#open.get(fd)?.isWritable) this.#operate('close', [fd], () => undefined);
      else this.#read('close after reading', [fd], () => undefined);
    } finally {
      this.#open.delete(fd);
      this.#inside(() => real.closeSync(fd));
    }
  }

  #write(fd: number, bytes: Buffer, position: number | null): number {
    return this.#operate('write', [fd], () => {
      const size = this.#strikes((kind) => ofWrites.includes(kind)) ? Math.floor(bytes.length / 2) : bytes.length;
      return real.writeSync(fd, bytes, 0, size, position);
    });
  }

  #writeFile([target, data, options]: readonly unknown[], flag: string): void {
    const given = typeof options === 'string' ? { encoding: options } : ((options ?? {}) as Record<string, unknown>);
    const fd =
      typeof target === 'number'
        ? target
        : this.#openFile(String(target), (given.flag as string) ?? flag, given.mode as number);
    try {
      let [rest] = bytesOf([data, null, given.encoding]);
      while (rest.length > 0) rest = rest.subarray(this.#write(fd, rest, null));
      if (given.flush) this.#call('fsync', [fd]);
    } finally {
      if (fd !== target) this.#closeFile(fd);
    }
  }

  #copyFile(from: string, to: string, mode = 0): void {
    const data = this.#read('readFile', [from], () => real.readFileSync(from));
    this.#writeFile([to, data, { flag: mode & fs.constants.COPYFILE_EXCL ? 'wx' : 'w' }], 'w');
  }

  #remove(file: string, { recursive, force }: fs.RmOptions = {}): void {
    const stats = this.#read('lstat', [file], () => real.lstatSync(file, { throwIfNoEntry: !force }));
    if (!stats) return;
    if (!stats.isDirectory()) return void this.#call('unlink', [file]);
    if (!recursive) throw failure('EISDIR', 'rm');
    for (const name of this.#read('readdir', [file], () => real.readdirSync(file))) {
      this.#remove(path.join(file, name), { recursive });
    }
    this.#call('rmdir', [file]);
  }
}

/** The arguments of a call that name files, as paths, handles or descriptors. */
function pathsOf(name: string, args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, ofTwoPaths.includes(name) ? 2 : 1);
}

/** The bytes and the position of a write, of a text or of a part of a buffer. */
function bytesOf([data, ...rest]: readonly unknown[]): [bytes: Buffer, position: number | null] {
  if (!ArrayBuffer.isView(data)) {
    const [position, encoding] = rest as [number?, BufferEncoding?];
    return [Buffer.from(String(data), encoding ?? 'utf8'), position ?? null];
  }
  const [first, length, position] = rest as [
    number | { offset?: number; length?: number; position?: number },
    number?,
    number?,
  ];
  const part = typeof first === 'object' && first !== null ? first : { offset: first, length, position };
  const { offset, length: size } = { offset: part.offset ?? 0, length: part.length ?? undefined };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [bytes.subarray(offset, size === undefined ? undefined : offset + size), part.position ?? null];
}
