import assert from 'node:assert/strict';
import type { RestoredSession } from '../../../src/core/rebuildEvidence.ts';
import { describeRecovery, type WindowRecovery } from '../../../src/core/recoveryNotice.ts';
import { aRecord } from '../records.ts';

const from = (kind: RestoredSession['from']['kind'], name: string): RestoredSession => ({
  record: aRecord({ name }),
  from: { kind, path: '/x' },
});
const rebuilt = [from('tag', 'a'), from('sessionFolder', 'b'), from('replica', 'c'), from('replica', 'd')];
const fromHelper = [aRecord({ name: 'e' })];

describe('what is told of sessions that came back', () => {
  const cases: [what: string, recovery: Partial<WindowRecovery>, told: string | undefined][] = [
    ['nothing where a new window learns of sessions', { rebuilt: rebuilt.slice(1), fromHelper }, undefined],
    [
      'those made anew from worktrees',
      { rebuilt, fromHelper },
      'The session list was gone. Rebuilt from their worktrees: “a”.',
    ],
    [
      'each source where the window’s list is gone',
      { isGone: true, rebuilt, fromHelper },
      'The session list was gone. Rebuilt from their worktrees: “a”; from their own folders: “b”; from the list of another window: “c”, “d”; from the helper: “e”.',
    ],
    [
      'what was recovered and what came besides',
      { notice: 'It was damaged.', fromHelper },
      'It was damaged. Rebuilt from the helper: “e”.',
    ],
    ['what was recovered alone', { notice: 'It was damaged.' }, 'It was damaged.'],
  ];
  for (const [what, recovery, told] of cases) {
    it(`is ${what}`, () => {
      assert.equal(describeRecovery({ rebuilt: [], fromHelper: [], ...recovery }), told);
    });
  }
});
