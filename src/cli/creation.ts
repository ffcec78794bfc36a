import { HelperClient } from '../client/helperClient.ts';
import { HelperLauncher } from '../client/helperLauncher.ts';
import type { CreationContext } from '../client/sessionCreation.ts';
import type { ManagerSettings } from '../client/sessionManager.ts';
import { defaultShell } from '../core/launchCommand.ts';
import { isLive } from '../core/sessionRecord.ts';
import { thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { currentFolder, explainUnreachable, type Program } from './repositorySessions.ts';

/** What a window has by default; its own settings are the editor's. */
const settings: ManagerSettings = {
  maxSessions: 4,
  worktreesFolder: '.worktrees',
  scrollback: 5000,
  theme: 'dark',
  shell: defaultShell(process.platform, process.env),
};

/**
 * Gives `use` what it takes to make sessions without a window. The helper's own files keep them.
 *
 * @throws {HoldfastError} `NO_FOLDER`, `GIT_MISSING`, `GIT_TOO_OLD`, `HELPER_START_FAILED`, `CONNECTION_LOST`
 */
export async function withCreation<T>(
  { dist, version }: Program,
  use: (context: CreationContext) => Promise<T>,
): Promise<T> {
  const folder = currentFolder();
  const [machine, workplace] = [thisMachine(), await findWorkplace(folder)];
  const client = { kind: 'cli' as const, pid: process.pid, version };
  const launcher = new HelperLauncher({ machine, key: workplace.key, dist, client });
  const helper = new HelperClient({ launcher, replica: () => [] });
  const records = new Map<string, SessionRecord>();
  const remember = (record: SessionRecord) => {
    if ((records.get(record.id)?.revision ?? -1) <= record.revision) records.set(record.id, record);
  };
  helper.onList((list) => list.records.forEach(remember));
  helper.onChange(remember);
  try {
    await helper.connect().catch((error) => {
      throw explainUnreachable(error, workplace);
    });
    return await use({
      machine,
      workplace,
      folder,
      settings: () => settings,
      helper,
      sessions: () => [...records.values()].filter(isLive),
      keep: async (record) => {
        remember(record);
        return record;
      },
    });
  } finally {
    helper.dispose();
  }
}
