import net from 'node:net';
import { systemErrorCode } from '../../base/errors.ts';

/** `living` where somebody listens, be it too busy to answer; `nobody` where that is proven not to be so. */
export type SocketState = 'living' | 'nobody' | 'unknown';

/** What the system says where there is no socket, or nobody listens on it. */
const deserted = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK']);

/** Whether somebody listens on a socket or pipe; says nothing to whoever does. Never throws. */
export function probeSocket(path: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('living');
    });
    socket.on('error', (error) => resolve(stateOf(systemErrorCode(error) ?? '')));
  });
}

function stateOf(code: string): SocketState {
  // A listener's queue is full.
  if (code === 'EAGAIN') return 'living';
  return deserted.has(code) ? 'nobody' : 'unknown';
}
