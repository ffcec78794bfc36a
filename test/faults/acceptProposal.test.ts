import assert from 'node:assert/strict';
import path from 'node:path';
import type { HelperClient } from '../../src/client/helperClient.ts';
import { acceptProposal } from '../../src/client/rebuild.ts';
import { isLive } from '../../src/core/sessionRecord.ts';
import { thisMachine } from '../../src/node/places.ts';
import { findWorkplace, type GitRepository } from '../../src/node/repository.ts';
import { readWorktreeNotes } from '../../src/node/worktreeTags.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { git, makeRepository } from '../support/repository.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { helperIn } from './support/helperParts.ts';

const repositoryIn = (folder: string) => path.join(folder, 'repository');
const worktreeIn = (folder: string) => path.join(repositoryIn(folder), '.worktrees', 'lost');

const recordIn = (folder: string): SessionRecord =>
  aRecord({ name: 'lost', branch: 'topic', worktreePath: worktreeIn(folder) });

describe('taking in a worktree that was proposed, whatever happens meanwhile', () => {
  const dirs = useTempDirs();
  const arrange = async (folder: string) => {
    await makeRepository(repositoryIn(folder));
    await git(repositoryIn(folder), 'worktree', 'add', '--quiet', '-b', 'topic', worktreeIn(folder));
  };
  const act = async (folder: string): Promise<SessionRecord> => {
    const { registry } = await helperIn(folder);
    const helper = {
      list: async () => registry.list(),
      restore: (records: SessionRecord[]) => registry.restore(records),
    } as Pick<HelperClient, 'list' | 'restore'> as HelperClient;
    const context = {
      machine: thisMachine(),
      workplace: await findWorkplace(repositoryIn(folder)),
      settings: () => ({ worktreesFolder: '.worktrees' }),
      helper,
    };
    const proposal = { kind: 'untagged' as const, path: worktreeIn(folder), evidence: [], record: recordIn(folder) };
    const { record } = await acceptProposal(context, proposal);
    return record;
  };
  const tagIn = async (folder: string) => {
    const { commonDir } = (await findWorkplace(repositoryIn(folder))) as GitRepository;
    return (await readWorktreeNotes(commonDir))[0];
  };

  it('leaves no session or a whole one, a whole tag or none, and is completed by doing it again', async () => {
    const outcomes = new Set<string>();
    await forEveryFault({
      dirs,
      kinds: ['the disk is full from here on', 'only half is written', 'killed after it'],
      arrange,
      act,
      check: async ({ folder, error }) => {
        const { registry } = await helperIn(folder);
        const found = registry.list().records.filter(isLive);
        const tag = await tagIn(folder);
        outcomes.add(`${found.length} ${tag?.tag ? 'tagged' : 'untagged'}`);
        const isSound = found.every(
          ({ branch, worktreePath }) => branch === 'topic' && worktreePath === worktreeIn(folder),
        );
        assert.deepEqual([isSound, tag?.problem, error === undefined && found.length === 0], [true, undefined, false]);
        const { id } = await act(folder);
        const after = (await helperIn(folder)).registry.list().records.filter(isLive);
        assert.deepEqual([after.map((record) => record.id), (await tagIn(folder))?.tag?.id], [[id], id]);
      },
    });
    assert.deepEqual([...outcomes].sort(), ['0 untagged', '1 tagged', '1 untagged']);
  });
});
