import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { Emitter } from '../../src/base/event.ts';
import { startsReleased } from '../../src/core/circuitBreaker.ts';
import type { SessionRecord } from '../../src/extension/api.ts';
import { SupervisionNotices, type SupervisionNoticesOptions } from '../../src/extension/supervisionNotices.ts';
import { waitFor } from '../support/waitFor.ts';
import { aRecord } from '../unit/records.ts';
import { useDialogs } from './support/dialogs.ts';
import { useHoldfast } from './support/holdfast.ts';

const unknown = '00000000-0000-4000-8000-000000000000';
const held = 'No session is started by itself for now: the disk is full.';

describe('a notice about what happens to sessions by itself', () => {
  useHoldfast();
  const dialogs = useDialogs();
  let window: ReturnType<typeof fakeWindow>;
  let notices: SupervisionNotices;

  beforeEach(() => {
    window = fakeWindow();
    notices = new SupervisionNotices(window.options);
  });
  afterEach(() => notices.dispose());

  it('says as an error that what was chosen on it is not possible any more', async () => {
    dialogs.answer(({ choices }) => choices.find((choice) => choice === 'Show Log'));
    const crash = { code: null, signal: 11, reason: 'exit' as const };
    window.records.fire(aRecord({ id: unknown, status: 'failed', exit: crash }));
    await waitFor(() => dialogs.shown.length === 2);
    assert.deepEqual(
      // Here the window’s own error is foreign to the part of it that is tested.
      dialogs.shown.map(({ text }) => text.replace('Holdfast: ', '')),
      ['“login” has failed: was ended by SIGSEGV.', 'There is no such session.'],
    );
  });

  it('warns that no session is started by itself, with an explanation, and tells plainly that they are again', async () => {
    window.alerts.fire(held);
    window.alerts.fire(startsReleased);
    assert.deepEqual(
      dialogs.shown.map(({ kind, text, choices }) => [kind, text, ...choices]),
      [
        ['showWarningMessage', held, 'Explain'],
        ['showInformationMessage', startsReleased],
      ],
    );
  });
});

function fakeWindow() {
  const records = new Emitter<SessionRecord | undefined>();
  const alerts = new Emitter<string>();
  const manager = {
    list: () => [aRecord({ id: unknown, status: 'recovering' })],
    onChange: records.event,
    supervision: { onHealth: new Emitter().event },
    helper: { onAlert: alerts.event, noteUse: () => undefined, speaks: true },
  };
  const log = { warn: () => undefined, error: () => undefined } as unknown as vscode.LogOutputChannel;
  const options = { manager, log, memento: undefined } as unknown as SupervisionNoticesOptions;
  return { records, alerts, options };
}
