import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { rebuild } from '../../src/client/rebuild.ts';
import { registerStorage } from '../../src/client/windowStorages.ts';
import { serializeRecord } from '../../src/core/recordDocument.ts';
import { serializeRegistry } from '../../src/core/registryDocument.ts';
import { newRecord, revise } from '../../src/core/sessionRecord.ts';
import { tagOf } from '../../src/core/worktreeTag.ts';
import { repositoryPlaces, sessionPlaces, thisMachine } from '../../src/node/places.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import { tagWorktree } from '../../src/node/worktree.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { rounds } from './support/extent.ts';

const runs = rounds(40, 1000);

/** What becomes of a file: a number is how much of it is left, as a part of the whole. */
const fate = fc.oneof(fc.constantFrom('kept', 'lost'), fc.double({ min: 0, max: 0.99, noNaN: true }));
type Fate = 'kept' | 'lost' | number;

const names = ['login', 'search', 'shop'];
const losses = fc.record({
  replica: fate,
  records: fc.tuple(fate, fate, fate),
  tags: fc.tuple(fate, fate, fate),
  /** Of the sessions, how many were destroyed, and their worktrees kept. */
  destroyed: fc.integer({ min: 0, max: 2 }),
});

/** Three sessions in real worktrees, with each copy of their records where it belongs, and no process. */
class Scene {
  readonly #repository: GitRepository;
  readonly #storage: string;
  readonly #machine = thisMachine();
  readonly sessions: readonly SessionRecord[];
  readonly #tagFiles: readonly string[];

  private constructor(repository: GitRepository, storage: string, sessions: SessionRecord[], tagFiles: string[]) {
    this.#repository = repository;
    this.#storage = storage;
    this.sessions = sessions;
    this.#tagFiles = tagFiles;
  }

  static async make(folder: string, storage: string): Promise<Scene> {
    const repository = (await findWorkplace(await makeRepository(folder))) as GitRepository;
    const sessions = names.map((name, number) => sessionNamed(name, number, folder));
    const tagFiles: string[] = [];
    for (const { worktreePath, branch } of sessions) {
      await git(folder, 'worktree', 'add', '--quiet', '-b', branch, worktreePath);
      tagFiles.push(path.join(await git(worktreePath, 'rev-parse', '--absolute-git-dir'), 'holdfast.json'));
    }
    return new Scene(repository, storage, sessions, tagFiles);
  }

  /** Everything as it is when nothing was lost, with the first `destroyed` sessions destroyed. */
  async fill(destroyed: number): Promise<{ replica: string; records: string[]; tags: readonly string[] }> {
    const { key } = this.#repository;
    for (const session of this.sessions) await tagWorktree(session.worktreePath, tagOf(session, key));
    const deletedAt = new Date().toISOString();
    const current = this.sessions.map((record, number) =>
      number < destroyed ? revise(record, { deletedAt }) : record,
    );
    const records = current.map(({ id }) => sessionPlaces(this.#machine, key, id).record);
    for (const [number, record] of current.entries()) await write(records[number] ?? '', serializeRecord(record));
    const replica = path.join(this.#storage, 'sessions.json');
    await write(replica, serializeRegistry({ key, generation: 1, savedAt: new Date(), records: current }));
    await registerStorage(repositoryPlaces(this.#machine, key), this.#storage);
    return { replica, records, tags: this.#tagFiles };
  }

  rebuild() {
    const context = { machine: this.#machine, workplace: this.#repository };
    return rebuild({ ...context, settings: () => ({ worktreesFolder: '.worktrees' }) }, { known: [] });
  }

  /** The content of every file that could be touched. */
  async content(): Promise<Map<string, string>> {
    const { root, key } = this.#repository;
    const folders = [root, this.#storage, repositoryPlaces(this.#machine, key).folder];
    const files = (await Promise.all(folders.map(filesIn))).flat().sort();
    return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1')] as const)));
  }
}

describe('rebuilding, whatever was lost', () => {
  const dirs = tempDirs();
  let scene: Scene;
  before(async () => {
    scene = await Scene.make(await dirs.make('project'), await dirs.make('storage'));
  });
  after(() => dirs.remove());

  it(`restores or offers every session, none twice, and changes no file (${runs} rounds)`, async () => {
    await fc.assert(
      fc.asyncProperty(losses, async ({ replica, records, tags, destroyed }) => {
        const files = await scene.fill(destroyed);
        await suffer(files.replica, replica);
        for (const number of names.keys()) {
          await suffer(files.records[number] ?? '', records[number]);
          await suffer(files.tags[number] ?? '', tags[number]);
        }
        const before = await scene.content();
        const { sessions, proposals } = await scene.rebuild();
        const found = [...sessions.map(({ record }) => record.worktreePath), ...proposals.map((one) => one.path)];
        const living = scene.sessions.slice(destroyed).map(({ worktreePath }) => worktreePath);
        assert.deepEqual(
          living.filter((worktree) => found.filter((other) => other === worktree).length !== 1),
          [],
        );
        assert.deepEqual(await scene.content(), before);
      }),
      { numRuns: runs },
    );
  });

  it(`brings no session back of whose end one copy is left (${runs} rounds)`, async () => {
    await fc.assert(
      fc.asyncProperty(losses, async ({ replica, records, tags, destroyed }) => {
        const files = await scene.fill(destroyed);
        for (const number of names.keys()) await suffer(files.tags[number] ?? '', tags[number]);
        const isReplicaKept = replica === 'kept';
        await suffer(files.replica, replica);
        if (isReplicaKept)
          for (const number of names.keys()) await suffer(files.records[number] ?? '', records[number]);
        const { sessions, proposals } = await scene.rebuild();
        const found = new Set([...sessions, ...proposals].map(({ record }) => record.worktreePath));
        const dead = scene.sessions.slice(0, destroyed).filter(({ worktreePath }) => found.has(worktreePath));
        assert.deepEqual(dead, []);
      }),
      { numRuns: runs },
    );
  });
});

function sessionNamed(name: string, number: number, folder: string): SessionRecord {
  const id = `${number}0000000-0000-4000-8000-000000000000`;
  const worktreePath = path.join(folder, '.worktrees', `${name}-${id.slice(0, 8)}`);
  const branch = `feature/${name}`;
  return newRecord({ id, name, branch, baseBranch: 'main', worktreePath, command: null, now: new Date() });
}

async function suffer(file: string, what: Fate | undefined): Promise<void> {
  if (what === 'lost') await rm(file);
  else if (typeof what === 'number') await truncate(file, Math.floor((await readFile(file)).length * what));
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
