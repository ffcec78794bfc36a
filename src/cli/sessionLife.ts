import type { LifeContext } from '../client/sessionLife.ts';
import { isLive } from '../core/sessionRecord.ts';
import { thisMachine } from '../node/places.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { shellSettings } from './creation.ts';
import type { RepositorySessions } from './repositorySessions.ts';

/** What it takes to end and start sessions from a shell. The helper keeps what becomes of them. */
export async function lifeOf(sessions: RepositorySessions): Promise<LifeContext> {
  const { helper, workplace } = sessions;
  const known = new Map((await sessions.list()).map((record) => [record.id, record]));
  if (!helper) throw new Error('Only a helper lists sessions.');
  const keepDone = async (record: SessionRecord) => {
    known.set(record.id, record);
    return record;
  };
  const live = () => [...known.values()].filter(isLive);
  return { machine: thisMachine(), workplace, helper, settings: () => shellSettings, sessions: live, keepDone };
}
