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

/** The colour of a status in a terminal. */
export function statusStyle(status: SessionStatus): Style {
  return styles[status];
}
