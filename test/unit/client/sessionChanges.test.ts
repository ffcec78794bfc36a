import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/event.ts';
import { type ChangesSource, SessionChanges } from '../../../src/client/sessionChanges.ts';
import type { ChangesDelta, ChangesReport, Overlap } from '../../../src/protocol/changes.ts';
import { someChanges } from '../changes.ts';

const overlap: Overlap = { ids: ['a', 'b'], files: ['x'], count: 1, merge: { state: 'clean' } };
const first: ChangesReport = {
  at: '',
  sessions: [someChanges({ id: 'a' }), someChanges({ id: 'b' })],
  overlaps: [overlap],
};

describe('what a window knows of the work in its sessions', () => {
  it('is nothing before a helper is there', () => {
    const { changes } = scene();
    assert.deepEqual([changes.changesOf('a'), changes.overlapsOf('a')], [undefined, []]);
  });

  it('is what the helper tells at each new connection, and what differs from then on', async () => {
    const { changes, connect, onChanges } = scene();
    await connect();
    onChanges.fire({ at: '', sessions: [someChanges({ id: 'a', untracked: 1 })], gone: ['b'], overlaps: [] });
    assert.deepEqual(
      [changes.changesOf('a'), changes.changesOf('b'), changes.overlapsOf('a')],
      [someChanges({ id: 'a', untracked: 1 }), undefined, []],
    );
  });

  it('tells of each session whose way it is in', async () => {
    const { changes, connect } = scene();
    await connect();
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => changes.overlapsOf(id).length),
      [1, 1, 0],
    );
  });

  it('is nothing with a helper that is too old, without an error', async () => {
    const { changes, connect } = scene(async () => {
      throw new HoldfastError('PROTOCOL_MISMATCH', 'Unhandled method changes/report');
    });
    await connect();
    assert.deepEqual([changes.latest.sessions, changes.changesOf('a')], [[], undefined]);
  });
});

function scene(report: () => Promise<ChangesReport> = async () => first) {
  const onChanges = new Emitter<ChangesDelta>();
  const onConnectionChange = new Emitter<boolean>();
  const source: ChangesSource = {
    changes: report,
    refreshChanges: async () => undefined,
    checkOverlaps: report,
    onChanges: onChanges.event,
    onConnectionChange: onConnectionChange.event,
  };
  const changes = new SessionChanges(source);
  const connect = async () => {
    const told = new Promise<void>((resolve) => changes.onChange(resolve));
    onConnectionChange.fire(true);
    await told;
  };
  return { changes, connect, onChanges };
}
