import assert from 'node:assert/strict';
import { bringBack } from '../../src/client/rebuild.ts';
import type { RestoredSession } from '../../src/core/rebuildEvidence.ts';
import { unknownRevisions } from '../../src/core/restorePlan.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { aRecord } from '../unit/records.ts';
import { forEveryFault } from './support/forEveryFault.ts';
import { helperIn, sessionFilesIn } from './support/helperParts.ts';

const known = another('10000000-0000-4000-8000-000000000001', 'known');
const lost = [another('20000000-0000-4000-8000-000000000002', 'shop'), aRecord()];

describe('bringing lost sessions back, whatever happens meanwhile', () => {
  const dirs = useTempDirs();
  /** What was told to be back, by the folder of the trial. */
  const told = new Map<string, string[]>();
  const arrange = (folder: string) => sessionFilesIn(folder).saveRecord(known);
  const act = async (folder: string) => {
    told.set(folder, []);
    const { registry } = await helperIn(folder);
    const sessions = lost.map((record): RestoredSession => ({ record, from: { kind: 'tag', path: '/tag' } }));
    const back = await bringBack({ restore: (records) => registry.restore(records) }, sessions);
    const names = back.sessions.map(({ record }) => record.name);
    told.set(folder, names);
    if (back.errors.length > 0) throw back.errors[0];
  };

  it('leaves each lost still or back whole, those back that were told so, and the others as they were', async () => {
    const outcomes = new Set<string>();
    await forEveryFault({
      dirs,
      arrange,
      act,
      check: async ({ folder }) => {
        const { registry } = await helperIn(folder);
        const states = lost.map((record) => stateOf(record, registry.get(record.id)));
        outcomes.add(states.join(' '));
        const lacking = (told.get(folder) ?? []).filter(
          (name) => !registry.list().records.some((one) => one.name === name),
        );
        assert.deepEqual([states.includes('wrong'), lacking, registry.get(known.id)], [false, [], known]);
      },
    });
    assert.deepEqual(
      ['lost lost', 'back back'].map((outcome) => outcomes.has(outcome)),
      [true, true],
    );
  });

  it('is completed by doing it again', async () => {
    await forEveryFault({
      dirs,
      kinds: ['the disk is full from here on', 'killed after it'],
      arrange,
      act,
      check: async ({ folder }) => {
        await act(folder);
        const { registry } = await helperIn(folder);
        assert.deepEqual(
          lost.map((record) => stateOf(record, registry.get(record.id))),
          ['back', 'back'],
        );
      },
    });
  });
});

function another(id: string, name: string): SessionRecord {
  return aRecord({ id, name, branch: `feature/${name}`, worktreePath: `/repo/.worktrees/${name}` });
}

function stateOf(wanted: SessionRecord, found: SessionRecord | undefined): 'lost' | 'back' | 'wrong' {
  if (!found) return 'lost';
  const { revision, ...rest } = found;
  const { revision: _, ...others } = wanted;
  return revision > unknownRevisions && JSON.stringify(rest) === JSON.stringify(others) ? 'back' : 'wrong';
}
