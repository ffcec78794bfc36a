import { DisposableStore } from '../base/lifecycle.ts';
import type { HelperClient } from '../client/helperClient.ts';
import { isLive, isRunning } from '../core/sessionRecord.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** Calls `onEnd`, at once or later, when the session does not run; dispose the result to watch no longer. */
export function watchEnd(helper: HelperClient, session: SessionRecord, onEnd: () => void): DisposableStore {
  const disposables = new DisposableStore();
  const look = (record: SessionRecord) => {
    if (record.id === session.id && !(isRunning(record) && isLive(record))) onEnd();
  };
  disposables.add(helper.onChange(look));
  disposables.add(helper.onList(({ records }) => records.forEach(look)));
  disposables.add(
    helper.onConnectionChange((isConnected) => {
      // Without a helper nobody would say that the session has ended; what it showed is read all the same.
      if (!isConnected) void helper.connect().catch(() => undefined);
    }),
  );
  look(session);
  return disposables;
}
