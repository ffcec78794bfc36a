import type { HealthState } from '../protocol/health.ts';
import type { SessionStatus } from '../protocol/sessionRecord.ts';
import type { Style } from './output.ts';

const styles: Record<SessionStatus, Style> = {
  idle: 'gray',
  active: 'green',
  waiting: 'yellow',
  recovering: 'yellow',
  completed: 'blue',
  failed: 'red',
  timeout: 'red',
  cancelled: 'gray',
};

const healthStyles: Record<HealthState, Style> = {
  healthy: 'green',
  stale: 'gray',
  degraded: 'yellow',
  unresponsive: 'red',
  lost: 'red',
};

/** The worst last. */
const weights: readonly Style[] = ['green', 'blue', 'gray', 'yellow', 'red'];

/** The colour of a status in a terminal; of one that is not well that of the worse of both. */
export function statusStyle(status: SessionStatus, state: HealthState = 'healthy'): Style {
  const [own, health] = [styles[status], healthStyles[state]];
  return weights.indexOf(health) > weights.indexOf(own) ? health : own;
}
