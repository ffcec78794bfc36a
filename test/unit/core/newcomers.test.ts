import assert from 'node:assert/strict';
import { settleNewcomers } from '../../../src/core/newcomers.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const ids = ['1', '2', '3'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const [first = '', second = '', third = ''] = ids;
const elsewhere = { name: 'other', branch: 'other', worktreePath: '/repo/.worktrees/other' };

describe('sessions that one copy of the registry has never heard of', () => {
  const login = aRecord({ id: first });
  const cases: [what: string, newcomers: SessionRecord[], expected: string[]][] = [
    ['are taken in as they are', [aRecord({ id: second, ...elsewhere })], ['+ other 1']],
    ['are held back where another one has their worktree', [aRecord({ id: second, branch: 'b' })], ['- login 1']],
    ['are held back where another one has their branch', [aRecord({ id: second, worktreePath: '/b' })], ['- login 1']],
    ['get another name where theirs is taken', [aRecord({ ...elsewhere, id: second, name: 'Login' })], ['+ Login-2 2']],
    ['may share a folder without a branch', [aRecord({ id: second, name: 'shell', branch: '' })], ['+ shell 1']],
    [
      'leave a worktree to the oldest of them',
      [
        aRecord({ ...elsewhere, id: second, createdAt: '2026-01-03T00:00:00.000Z' }),
        aRecord({ ...elsewhere, id: third, name: 'older', createdAt: '2026-01-02T00:00:00.000Z' }),
      ],
      ['+ older 1', '- other 1'],
    ],
  ];
  for (const [what, newcomers, expected] of cases) {
    it(what, () => {
      const { welcome, heldBack } = settleNewcomers([login], newcomers);
      const told =
        (sign: string) =>
        ({ name, revision }: SessionRecord) =>
          `${sign} ${name} ${revision}`;
      assert.deepEqual([...welcome.map(told('+')), ...heldBack.map(told('-'))], expected);
    });
  }
});
