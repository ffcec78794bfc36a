import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event.ts';
import { recordOfEnd } from '../../../src/client/recordOfEnd.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const pid = 42;
const running = aRecord({ status: 'active', ptyPid: pid });
const ended = aRecord({ status: 'timeout' });

describe('the record of a process that has ended', () => {
  it('is had at once where it tells of the end already', async () => {
    assert.deepEqual(await recordOfEnd(source(ended), pid, 10_000), ended);
  });

  it('is waited for until it tells of the end, and no other change is taken for it', async () => {
    const known = source(running);
    const told = recordOfEnd(known, pid, 10_000);
    known.change({ ...running, name: 'renamed' });
    known.change(ended);
    assert.deepEqual(await told, ended);
  });

  it('is that of the next process where that has begun', async () => {
    const next = { ...running, ptyPid: 43 };
    assert.deepEqual(await recordOfEnd(source(next), pid, 10_000), next);
  });

  it('is not waited for longer than that', async () => {
    assert.equal(await recordOfEnd(source(running), pid, 20), undefined);
  });
});

function source(first: SessionRecord) {
  let record = first;
  const changes = new Emitter<SessionRecord>();
  const change = (next: SessionRecord) => {
    record = next;
    changes.fire(next);
  };
  return { current: () => record, onChange: changes.event, change };
}
