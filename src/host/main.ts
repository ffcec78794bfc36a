import { writeSync } from 'node:fs';
import { toErrorShape } from '../base/errors.ts';
import { createFileLog } from '../node/log.ts';
import { sessionPlaces, thisMachine } from '../node/places.ts';
import { markRuntimeUse } from '../node/runtimeFolder.ts';
import { HostServer } from './hostServer.ts';

/** `host.cjs <repository key> <session id>`; says on standard output, in one line, that it runs or why not. */
async function main(): Promise<void> {
  const [key = '', sessionId = ''] = process.argv.slice(2);
  const machine = thisMachine();
  const socketInterval = Number(process.env.HOLDFAST_SOCKET_CHECK_MS) || undefined;
  const log = createFileLog(sessionPlaces(machine, key, sessionId).log, 'host');
  // A session outlives the terminal and the editor it was started from, and its own host's mistakes.
  for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => undefined);
  process.on('uncaughtException', (error) => log.error('Unexpected error', { error, stack: error.stack }));
  process.on('unhandledRejection', (error) => log.error('Unexpected rejection', { error }));
  try {
    await markRuntimeUse(__dirname);
    // Until its process runs there is none to take along.
    let leave = (): void => process.exit(1);
    process.on('SIGTERM', () => leave());
    const server = await HostServer.start({ machine, key, sessionId, log, socketInterval });
    leave = () => server.leave();
    await server.opened;
    log.info('Session host started', { sessionId, ptyPid: server.ptyPid });
    report({ ready: true, ptyPid: server.ptyPid });
  } catch (error) {
    log.error('The session host could not start', { error });
    report({ error: toErrorShape(error) });
    process.exit(1);
  }
}

/** Whoever started this host may have died meanwhile; the session must not die with it. */
function report(message: unknown): void {
  try {
    writeSync(1, `${JSON.stringify(message)}\n`);
  } catch {
    // Nobody listens any more.
  }
}

void main();
