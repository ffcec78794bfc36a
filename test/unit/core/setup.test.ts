import assert from 'node:assert/strict';
import type { SessionEnd } from '../../../src/core/sessionEnd.ts';
import { revise } from '../../../src/core/sessionRecord.ts';
import {
  afterSetupStep,
  launchOfNow,
  policyInSetup,
  setupAtStart,
  setupOnceStarted,
  wasStartedUnseen,
} from '../../../src/core/setup.ts';
import { effectivePolicy } from '../../../src/core/supervisionPolicy.ts';
import type { LaunchSpec } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const now = new Date('2026-03-10T12:00:00.000Z');

const launch = {
  sessionId: aRecord().id,
  file: 'agent',
  args: ['--go'],
  cwd: '/repo/wt/sub',
  env: {},
  cols: 80,
  rows: 24,
  scrollback: 100,
  setup: {
    timeout: 10,
    steps: [
      { what: 'npm ci', file: 'sh', args: ['-c', 'npm ci'] },
      { what: 'make', file: 'sh', args: ['-c', 'make'] },
    ],
  },
} satisfies LaunchSpec;
const bare: Pick<LaunchSpec, 'setup'> = {};

const atStep = (step: number, fields: Partial<SessionRecord> = {}) =>
  aRecord({
    status: 'active',
    worktreePath: '/repo/wt',
    currentPhase: 'setup',
    setup: { state: 'running', step, steps: 2, what: step === 0 ? 'npm ci' : 'make', timeout: 10 },
    ...fields,
  });

const ended = (record: SessionRecord, end: SessionEnd) => {
  const policy = effectivePolicy({ retry: 'onFailure', onLimit: 'recover' });
  const after = revise(record, afterSetupStep({ record, end, policy, now, random: () => 0 }));
  const { status, attempts, currentPhase, setup, evidence, recovery } = after;
  return [status, attempts, currentPhase, setup?.state, setup?.step, evidence?.what, recovery?.retryAt];
};
const exited = (code: number): SessionEnd => ({ kind: 'exited', code, signal: null });

describe('the setup of a worktree', () => {
  it('begins at its first step with every start that the user asks for', () => {
    const states = (['pending', 'failed', 'done'] as const).map((state) => aRecord({ setup: { state, step: 1 } }));
    assert.deepEqual(
      [aRecord(), ...states].map((record) => setupAtStart(record, launch, 'user')),
      Array(4).fill({
        currentPhase: 'setup',
        setup: { state: 'running', step: 0, steps: 2, what: 'npm ci', timeout: 10 },
      }),
    );
  });

  it('goes on where it was', () => {
    const record = atStep(1, { status: 'recovering' });
    assert.deepEqual(setupAtStart(record, launch, 'retry')?.setup, { ...record.setup, what: 'make' });
  });

  it('is not begun again by a restart after a crash', () => {
    const record = aRecord({ status: 'recovering', attempts: 1, setup: { state: 'done', what: 'make' } });
    assert.equal(setupAtStart(record, launch, 'retry'), undefined);
  });

  it('counts as skipped where the user starts the command without it, and as none where there is none', () => {
    const changes = [atStep(1, { status: 'failed' }), aRecord({ setup: { state: 'pending' } }), aRecord()].map(
      (record) => setupAtStart(record, bare, 'user') ?? setupOnceStarted(record),
    );
    assert.deepEqual(
      changes.map((change) => change?.setup?.state),
      ['skipped', undefined, undefined],
    );
  });

  it('runs its step instead of the command, in the worktree itself, and says which', () => {
    const { instead, notice, file, cwd } = launchOfNow(launch, atStep(1));
    assert.deepEqual(
      [instead, notice, file, cwd],
      [{ file: 'sh', args: ['-c', 'make'], cwd: '/repo/wt' }, 'Setup, step 2 of 2: make', 'agent', '/repo/wt/sub'],
    );
  });

  it('leaves the command alone once it is done', () => {
    const stale = { ...launch, instead: { file: 'sh', args: [], cwd: '/' } };
    assert.deepEqual(launchOfNow(stale, aRecord({ setup: { state: 'done', step: 1 } })), launch);
  });

  const ends: [what: string, record: SessionRecord, end: SessionEnd, after: unknown[]][] = [
    [
      'goes on at once after a step',
      atStep(0),
      exited(0),
      ['recovering', 0, 'setup', 'running', 1, 'its setup goes on', now.toISOString()],
    ],
    [
      'is done after the last step',
      atStep(1),
      exited(0),
      ['recovering', 0, undefined, 'done', 1, 'its setup has succeeded', now.toISOString()],
    ],
    [
      'fails with a step, whatever the retry policy',
      atStep(1),
      exited(2),
      ['failed', 0, undefined, 'failed', 1, 'its setup failed: “make” ended with code 2', undefined],
    ],
    [
      'fails with a step that crashes',
      atStep(0),
      { kind: 'exited', code: null, signal: 11 },
      ['failed', 0, undefined, 'failed', 0, 'its setup failed: “npm ci” was ended by SIGSEGV', undefined],
    ],
    [
      'fails with the host',
      atStep(0),
      { kind: 'hostLost' },
      ['failed', 0, undefined, 'failed', 0, 'its setup failed at “npm ci”: its session host was killed', undefined],
    ],
    [
      'is over after its time',
      atStep(0),
      { kind: 'timeout', what: 'it ran for its 10 minutes' },
      ['timeout', 0, undefined, 'failed', 0, 'its setup failed: “npm ci” took longer than 10 minutes', undefined],
    ],
    [
      'is still to be run where the user stopped it',
      atStep(0),
      { kind: 'stopped' },
      ['cancelled', 0, undefined, 'pending', 0, 'you stopped it', undefined],
    ],
    [
      'is still to be run where it went with the machine',
      atStep(1),
      { kind: 'rebooted' },
      ['idle', 0, undefined, 'pending', 1, 'the machine was started anew', undefined],
    ],
    [
      'fails where its next step cannot be started',
      atStep(1, { status: 'recovering' }),
      { kind: 'startFailed', what: 'it could not be started again: no' },
      ['failed', 0, undefined, 'failed', 1, 'its setup failed at “make”: it could not be started again: no', undefined],
    ],
  ];
  for (const [what, record, end, after] of ends) {
    it(what, () => {
      assert.deepEqual(ended(record, end), after);
    });
  }

  it('tells a process that was started unseen from the one before', () => {
    const recovery = { starts: [], quickExits: 0, retryAt: now.toISOString() };
    const due = atStep(1, { status: 'recovering', recovery });
    const times = ['2026-03-10T11:59:59.000Z', '2026-03-10T12:00:00.050Z'];
    assert.deepEqual(
      [...times.map((at) => wasStartedUnseen(due, at)), wasStartedUnseen({ ...due, attempts: 1 }, times[1] ?? '')],
      [false, true, false],
    );
  });

  it('has its own time limit and none for silence', () => {
    const policy = { ...effectivePolicy({ retry: 'onCrash' }), sessionTimeout: 5, idleTimeout: 5, memoryLimit: 100 };
    const { sessionTimeout, idleTimeout, memoryLimit } = policyInSetup(policy, atStep(0));
    assert.deepEqual([sessionTimeout, idleTimeout, memoryLimit], [10, 0, 100]);
  });
});
