import { HelperClient } from '../client/helperClient.ts';
import { HelperLauncher } from '../client/helperLauncher.ts';
import type { CreationContext } from '../client/sessionCreation.ts';
import type { ManagerSettings } from '../client/sessionManager.ts';
import type { RestorePlanContext } from '../client/sessionRestoration.ts';
import { defaultShell } from '../core/launchCommand.ts';
import { isLive } from '../core/sessionRecord.ts';
import { defaultSettings } from '../core/supervisionPolicy.ts';
import { repositoryPlaces, thisMachine } from '../node/places.ts';
import { findWorkplace } from '../node/repository.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { knownRecords, listedRecords } from './knownRecords.ts';
import { currentFolder, explainHelper, explainUnreachable, type Program } from './repositorySessions.ts';

/** What a window has by default, but no limit: whoever names a session means it. The editor's settings are its own. */
export const shellSettings: ManagerSettings = {
  maxSessions: null,
  worktreesFolder: '.worktrees',
  scrollback: 5000,
  theme: 'dark',
  shell: defaultShell(process.platform, process.env),
  surviveLogout: true,
  supervision: defaultSettings,
};

/** What it takes to tell what would be made, with a helper or without. */
export interface PlanningContext extends RestorePlanContext {
  helper: Pick<HelperClient, 'connect' | 'list'>;
}

/**
 * Gives `use` what it takes to make sessions without a window. The helper's own files keep them.
 *
 * @throws {HoldfastError} `NO_FOLDER`, `GIT_MISSING`, `GIT_TOO_OLD`, `HELPER_START_FAILED`, `CONNECTION_LOST`
 */
export function withCreation<T>(program: Program, use: (context: CreationContext) => Promise<T>): Promise<T> {
  const connect = async (context: CreationContext) => {
    await context.helper.connect();
    return context;
  };
  return withHelper(program, connect, use);
}

/**
 * Gives `use` what it takes to tell what would be made. Where no helper runs, none is started for that.
 *
 * @throws {HoldfastError} `NO_FOLDER`, `GIT_MISSING`, `GIT_TOO_OLD`, `CONNECTION_LOST`
 */
export function withPlanning<T>(program: Program, use: (context: PlanningContext) => Promise<T>): Promise<T> {
  const join = async (context: CreationContext) => ((await context.helper.join()) ? context : withoutHelper(context));
  return withHelper(program, join, use);
}

async function withoutHelper(context: CreationContext): Promise<PlanningContext> {
  const { machine, workplace } = context;
  const records = await knownRecords(machine, repositoryPlaces(machine, workplace.key));
  const helper = { connect: async () => undefined, list: async () => ({ sequence: 0, records }) };
  return { ...context, helper, sessions: () => records.filter(isLive) };
}

/** `connect` gives back what `use` then works with. */
async function withHelper<C, T>(
  { dist, version }: Program,
  connect: (context: CreationContext) => Promise<C>,
  use: (context: C) => Promise<T>,
): Promise<T> {
  const folder = currentFolder();
  const [machine, workplace] = [thisMachine(), await findWorkplace(folder)];
  const client = { kind: 'cli' as const, pid: process.pid, version };
  const launcher = new HelperLauncher({ machine, key: workplace.key, dist, client });
  const listed = await listedRecords(repositoryPlaces(machine, workplace.key)).catch((error) => {
    throw explainUnreachable(error, workplace);
  });
  const helper = new HelperClient({ launcher, replica: () => listed });
  const records = new Map<string, SessionRecord>();
  const remember = (record: SessionRecord) => {
    if ((records.get(record.id)?.revision ?? -1) <= record.revision) records.set(record.id, record);
  };
  helper.onList((list) => list.records.forEach(remember));
  helper.onChange(remember);
  try {
    const context = await connect({
      machine,
      workplace,
      folder,
      settings: () => shellSettings,
      helper,
      sessions: () => [...records.values()].filter(isLive),
      keep: async (record) => {
        remember(record);
        return record;
      },
    }).catch((error) => {
      throw explainUnreachable(error, workplace);
    });
    return await use(context);
  } catch (error) {
    throw explainHelper(error);
  } finally {
    helper.dispose();
  }
}
