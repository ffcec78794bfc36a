import assert from 'node:assert/strict';
import { statusStyle } from '../../../src/cli/statusStyle.ts';
import type { HealthState } from '../../../src/protocol/health.ts';
import type { SessionStatus } from '../../../src/protocol/sessionRecord.ts';

describe('the colour of a session in a terminal', () => {
  const cases: [status: SessionStatus, state: HealthState | undefined, style: string][] = [
    ['active', undefined, 'green'],
    ['active', 'stale', 'gray'],
    ['active', 'degraded', 'yellow'],
    ['active', 'unresponsive', 'red'],
    ['waiting', 'stale', 'yellow'],
    ['completed', undefined, 'blue'],
    ['cancelled', 'degraded', 'yellow'],
    ['failed', 'degraded', 'red'],
  ];
  for (const [status, state = 'healthy', style] of cases)
    it(`is ${style} where it is ${status} and ${state}`, () => assert.equal(statusStyle(status, state), style));
});
