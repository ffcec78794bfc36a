import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DoctorContext } from '../../../src/client/doctor/doctorContext.ts';
import { runDoctor } from '../../../src/client/doctor/runDoctor.ts';
import { RecordStore } from '../../../src/client/recordStore.ts';
import { tagSession } from '../../../src/client/sessionWorktree.ts';
import { registerStorage } from '../../../src/client/windowStorages.ts';
import { serializeRecord } from '../../../src/core/recordDocument.ts';
import { writeDurable } from '../../../src/node/durableFile.ts';
import { repositoryPlaces, sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import { findWorkplace, type GitRepository } from '../../../src/node/repository.ts';
import { git, makeRepository } from '../../support/repository.ts';
import type { Bench } from '../bench.ts';
import { type Figure, holdfast } from '../figures.ts';
import { manySessions, sessionCount } from '../manySessions.ts';
import { median } from '../stats.ts';

const bareList = 'git worktree list';

/** The doctor on a repository with many sessions, each with a worktree, a tag and a record; no helper runs. */
export async function measureDoctor(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 3 : 10;
  const context = await makeSessions(join(bench.folder, 'doctor'));
  const times = { doctor: [] as number[], list: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.doctor.push(await timed(() => runDoctor(context)));
    times.list.push(await timed(() => git(context.workplace.root, 'worktree', 'list', '--porcelain')));
  }
  return [
    {
      id: 'doctor',
      title: `The doctor on ${sessionCount} sessions with worktrees (${rounds} times)`,
      columns: ['p50 ms', 'max ms'],
      rows: [
        { who: holdfast, values: [median(times.doctor), Math.max(...times.doctor)] },
        { who: bareList, values: [median(times.list), Math.max(...times.list)] },
      ],
    },
  ];
}

async function makeSessions(folder: string): Promise<DoctorContext> {
  const root = join(folder, 'repository');
  await mkdir(root, { recursive: true });
  await makeRepository(root);
  const machine = thisMachine();
  const workplace = (await findWorkplace(root)) as GitRepository;
  const { key } = workplace;
  const records = manySessions(join(root, '.worktrees'));
  for (const record of records) {
    await git(root, 'worktree', 'add', '--quiet', '-b', record.branch, record.worktreePath);
    await tagSession(workplace, record);
    await writeDurable(sessionPlaces(machine, key, record.id).record, serializeRecord(record));
  }
  const storage = join(folder, 'storage');
  const store = new RecordStore({ folder: storage, key, root, records: () => records });
  await store.save();
  await store.backups.take('manual', store.content);
  await registerStorage(repositoryPlaces(machine, key), storage);
  const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
  return { machine, workplace, settings: () => ({ worktreesFolder: '.worktrees' }), dist: '', client };
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}
