import type { Readable, Writable } from 'node:stream';
import { HoldfastError } from '../base/errors.ts';
import { pipeGit } from './gitPipes.ts';
import { treeTimeout } from './worktreeStatus.ts';

/** Takes the content of a blob piece by piece, and hears of its end. */
export interface BlobSink {
  write(data: Buffer): Promise<void>;
  end(): Promise<void>;
}

/**
 * Reads blobs with one git, in the order of `hashes`; none has to fit into memory.
 *
 * @param open Gives what takes the content of the blob of that index.
 * @throws {HoldfastError} `GIT_FAILED`, also where one is not there
 */
export async function readBlobs(
  cwd: string,
  hashes: readonly string[],
  open: (index: number) => Promise<BlobSink>,
): Promise<void> {
  if (hashes.length === 0) return;
  await pipeGit(
    ['cat-file', '--batch'],
    { cwd, timeout: treeTimeout },
    {
      write: (stdin) => writeAll(stdin, hashes),
      read: async (stdout) => {
        const pieces = new Pieces(stdout);
        for (const [index, hash] of hashes.entries()) {
          const sink = await open(index);
          await readOne(pieces, hash, sink).catch(async (error) => {
            await sink.end().catch(() => undefined);
            throw error;
          });
        }
      },
    },
  );
}

async function writeAll(stdin: Writable, hashes: readonly string[]): Promise<void> {
  for (const hash of hashes)
    if (!stdin.write(`${hash}\n`)) await new Promise((resolve) => stdin.once('drain', resolve));
}

/** @see https://git-scm.com/docs/git-cat-file#_batch_output */
async function readOne(pieces: Pieces, hash: string, sink: BlobSink): Promise<void> {
  const header = await pieces.line();
  const [, size] = header.match(/^[0-9a-f]+ blob (\d+)$/) ?? [];
  if (size === undefined) {
    throw new HoldfastError('GIT_FAILED', `git has no file ${hash}: ${header}.`, { data: { hash } });
  }
  for (let left = Number(size); left > 0; ) {
    const data = await pieces.atMost(left);
    await sink.write(data);
    left -= data.length;
  }
  await pieces.atMost(1);
  await sink.end();
}

/** Cuts a stream where the reader says. */
class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #ahead: Promise<IteratorResult<Buffer>> | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
    // What nobody waits for when its process ends is thrown away by Node.
    this.#ahead = this.#chunks.next();
    this.#ahead.catch(() => undefined);
  }

  /** Some bytes, `count` at most and one at least. */
  async atMost(count: number): Promise<Buffer> {
    while (this.#rest.length === 0) this.#rest = await this.#next();
    const piece = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async line(): Promise<string> {
    let text = '';
    for (;;) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const end = this.#rest.indexOf(0x0a);
      const piece = end < 0 ? this.#rest : this.#rest.subarray(0, end);
      text += piece.toString('latin1');
      this.#rest = this.#rest.subarray(piece.length + (end < 0 ? 0 : 1));
      if (end >= 0) return text;
    }
  }

  async #next(): Promise<Buffer> {
    const next = this.#ahead ?? this.#chunks.next();
    this.#ahead = undefined;
    const { value, done } = await next;
    if (done) throw Object.assign(new Error('git said no more'), { code: 'EPIPE' });
    return value;
  }
}

/** Takes a whole blob as text. */
export function textSink(use: (text: string) => void): BlobSink {
  const parts: Buffer[] = [];
  return {
    write: async (data) => {
      parts.push(Buffer.from(data));
    },
    end: async () => use(Buffer.concat(parts).toString('utf8')),
  };
}
