import { createHook } from 'node:async_hooks';

const timers = new Map<number, { timer: NodeJS.Timeout; stack: string }>();

/** Remembers where each timer was set, for {@link openTimers}. */
export function watchTimers(): void {
  createHook({
    init(id, type, _trigger, resource) {
      if (type === 'Timeout') timers.set(id, { timer: resource as NodeJS.Timeout, stack: new Error().stack ?? '' });
    },
    destroy(id) {
      timers.delete(id);
    },
  }).enable();
}

/** Where the timers were set that keep this process alive. */
export function openTimers(): string[] {
  const open = [...timers.values()].filter(({ timer }) => timer.hasRef());
  return open.map(({ stack }) => stack.split('\n').slice(2).join('\n'));
}
