import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { Emitter } from '../../src/base/event.ts';
import type { HealthReport, SessionRecord } from '../../src/extension/api.ts';
import { archiveItem, sessionItem, sessionTooltip } from '../../src/extension/sessionItem.ts';
import { StatusBar } from '../../src/extension/statusBar.ts';
import type { Workspace } from '../../src/extension/workspace.ts';
import { aRecord } from '../unit/records.ts';

describe('how sessions are shown', () => {
  it('has no icon of a name or a command that looks like one', () => {
    const record = aRecord({ name: 'a $(trash) b', command: ['echo', '$(bell)'] });
    const { value } = sessionTooltip(record, { sentences: ['it runs $(bell)'], work: [] }, new Date());
    assert.deepEqual(value.match(/(?<!\\)\$\\?\([\w-]+/g), ['$(circle-outline']);
  });

  it('is read out without saying a thing twice, and the group of archived ones as what it is', () => {
    const text = { shown: 'recovering in 9 s', spoken: 'recovering in 9 s · attempt 1 of 3' };
    const recovering = sessionItem(aRecord({ status: 'recovering' }), text, undefined);
    assert.deepEqual(
      [recovering, archiveItem(4)].map(({ accessibilityInformation }) => accessibilityInformation?.label),
      ['login, recovering in 9 s, attempt 1 of 3', 'Archived, 4 sessions'],
    );
  });

  it('counts those that are in the list in the status bar, and of archived ones only how many there are', () => {
    const archived = aRecord({ id: 'old', status: 'failed', archivedAt: '2026-01-01T00:00:00.000Z' });
    const { text, tooltip } = statusBar([archived, aRecord({ status: 'active' })]);
    assert.deepEqual(
      [text, tooltip],
      ['$(pulse) 1 running', ['**Holdfast**', '$(circle-filled) login · running', '1 archived']],
    );
  });

  it('has so many sessions in the tooltip of the status bar, those first that need a look', () => {
    const ended = Array.from({ length: 20 }, (_, index) => aRecord({ id: `${index}`, status: 'completed' }));
    const { tooltip } = statusBar([...ended, aRecord({ name: 'asks', status: 'waiting' })]);
    assert.deepEqual(
      [tooltip.length, tooltip[1], tooltip.at(-1)],
      [14, '$(bell-dot) asks · waiting for you', 'and 9 more'],
    );
  });

  it('stands out in the status bar while no session is started by itself', () => {
    const { text, color } = statusBar([aRecord({ status: 'active' })], { startsHeld: 'the disk is full' });
    assert.deepEqual([text, color], ['$(pulse) 1 running, restarts held', 'statusBarItem.warningBackground']);
  });
});

/** What the status bar shows of these. */
function statusBar(records: SessionRecord[], health: Partial<HealthReport> = {}) {
  const never = new Emitter<never>().event;
  const workspace = {
    list: () => records,
    health: { sessions: [], ...health },
    healthOf: () => undefined,
    onChange: never,
    onHealthChange: never,
    onConnectionChange: never,
  };
  const item = vscode.window.createStatusBarItem();
  const window = vscode.window as { createStatusBarItem: unknown };
  const { createStatusBarItem } = window;
  window.createStatusBarItem = () => item;
  try {
    const shown = new StatusBar(workspace as unknown as Workspace);
    const { text, tooltip, backgroundColor } = item;
    shown.dispose();
    const lines = (tooltip as vscode.MarkdownString).value.split('\n\n').map((line) => line.replaceAll('&nbsp;', ' '));
    return { text, tooltip: lines, color: (backgroundColor as { id?: string } | undefined)?.id };
  } finally {
    window.createStatusBarItem = createStatusBarItem;
  }
}
