import { withDeadline } from '../base/async.ts';
import { startStopwatch } from '../base/stopwatch.ts';
import { isOverdue } from '../core/overdue.ts';
import { rpcOver } from '../node/rpcConnection.ts';
import { connect } from '../node/sockets.ts';
import { type HelperHello, helperMethods } from '../protocol/helperRpc.ts';

class Silence extends Error {}

/**
 * Whether a helper accepts a connection and then says nothing for `deadline` milliseconds. Any answer is one, a
 * refusal too; where nobody listens, or a clock has jumped, that proves no silence.
 */
export async function isSilent(socketPath: string, hello: HelperHello, deadline: number): Promise<boolean> {
  const elapsed = startStopwatch();
  try {
    await withDeadline(greet(socketPath, hello, deadline), deadline, () => new Silence());
    return false;
  } catch (error) {
    return error instanceof Silence && isOverdue(deadline, elapsed());
  }
}

async function greet(socketPath: string, hello: HelperHello, deadline: number): Promise<void> {
  const socket = await connect(socketPath, AbortSignal.timeout(deadline));
  const timer = setTimeout(() => socket.destroy(), deadline);
  try {
    const rpc = rpcOver(socket);
    rpc.listen();
    await rpc.sendRequest(helperMethods.hello.method, hello);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
