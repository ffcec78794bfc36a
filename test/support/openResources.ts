import { createHook } from 'node:async_hooks';

interface Resource {
  type: string;
  resource: { hasRef?: () => boolean };
  stack: string;
}

/** What can keep a process alive and is made in a place that a stack names. */
const watched = new Set(['Timeout', 'PIPEWRAP', 'PROCESSWRAP', 'TCPWRAP', 'PIPESERVERWRAP', 'TCPSERVERWRAP']);
const resources = new Map<number, Resource>();

/** Remembers where timers, sockets and processes are made, for {@link openResources}. */
export function watchResources(): void {
  createHook({
    init(id, type, _trigger, resource) {
      if (watched.has(type)) resources.set(id, { type, resource, stack: new Error().stack ?? '' });
    },
    destroy(id) {
      resources.delete(id);
    },
  }).enable();
}

/** Which of them keep this process alive, each with where it was made. */
export function openResources(): string[] {
  const open = [...resources.values()].filter(({ resource }) => resource.hasRef?.() ?? true);
  return open.map(({ type, stack }) => `${type}\n${stack.split('\n').slice(2).join('\n')}`);
}
