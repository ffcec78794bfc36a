import type { CleanUpOptions, CleanUpResult, SessionResult } from '../client/manySessions.ts';
import type { SessionSupervision } from '../client/sessionSupervision.ts';
import { explainSession } from '../core/explain.ts';
import type { PolicyChanges } from '../core/supervisionPolicy.ts';
import type { KeptWork } from '../node/worktreeRemoval.ts';
import type { HealthReport } from '../protocol/health.ts';
import type { KeptSession } from '../protocol/helperRpc.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';
import { toMessage } from './errorMessage.ts';
import { readSettings } from './settings.ts';
import type { Workspace } from './workspace.ts';

/** What became of one of many sessions. */
export interface SessionOutcome {
  id: string;
  name: string;
  state: 'done' | 'failed';
  /** As it is then. */
  record?: SessionRecord;
  /** Why it failed. */
  message?: string;
}

/** What became, or would become, of a session that is over. */
export interface CleanedUpSession {
  state: 'planned' | 'destroyed' | 'failed';
  record: SessionRecord;
  /** Where its worktree stays since there was work in it. */
  kept?: KeptWork;
  /** It goes once it can be removed. */
  isPending?: true;
  /** Why it failed. */
  message?: string;
}

/** What is to be done about one of the leftovers that a health report tells of. */
export interface LeftoverRequest {
  sessionId: string;
  pid: number;
  action: 'end' | 'adopt';
}

/** What commands and the API do about sessions’ health, restarts and ends; no prompts, errors are thrown. */
export class SupervisionActions {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  async health(): Promise<HealthReport> {
    return (await this.#supervision()).health();
  }

  async retryNow(id: string): Promise<SessionRecord> {
    return (await this.#supervision()).retryNow(id);
  }

  async giveUp(id: string): Promise<SessionRecord> {
    return (await this.#supervision()).giveUp(id);
  }

  async keepRunning(id: string): Promise<KeptSession> {
    return (await this.#supervision()).keepRunning(id);
  }

  async setPolicy(id: string, changes: PolicyChanges): Promise<SessionRecord> {
    return (await this.#supervision()).setPolicy(id, changes);
  }

  /** @param planned what the user has seen and agreed to, if anybody was asked: no other session is stopped */
  async stopAll(planned?: readonly SessionRecord[]): Promise<SessionOutcome[]> {
    return (await (await this.#supervision()).stopAll(planned)).map(toOutcome);
  }

  async resumeAll(): Promise<SessionOutcome[]> {
    return (await (await this.#supervision()).resumeAll()).map(toOutcome);
  }

  /** @param planned what the user has seen and agreed to, if anybody was asked: no other session goes */
  async cleanUp(options: CleanUpOptions, planned?: readonly CleanedUpSession[]): Promise<CleanedUpSession[]> {
    const records = planned?.map(({ record }) => record);
    return (await (await this.#supervision()).cleanUp(options, records)).map(toCleanedUp);
  }

  /** Ends what a session has left behind, or makes a host a session again. */
  async dealWith({ sessionId, pid, action }: LeftoverRequest): Promise<void> {
    const supervision = await this.#supervision();
    if (action === 'end') await supervision.endLeftover({ sessionId, pid });
    else await supervision.adoptHost(sessionId);
  }

  /** In sentences: how a session is, why, and what will happen next. */
  async explain(id: string): Promise<string[]> {
    const manager = await this.#workspace.manager();
    const record = manager.require(id);
    const report = await manager.supervision.health().catch(() => undefined);
    const health = report?.sessions.find((session) => session.id === id);
    const { supervision: settings } = readSettings();
    return explainSession(record, health, { now: new Date(), settings, startsHeld: report?.startsHeld });
  }

  async #supervision(): Promise<SessionSupervision> {
    return (await this.#workspace.manager()).supervision;
  }
}

function toOutcome(result: SessionResult): SessionOutcome {
  const { id, name, state } = result;
  if (result.state === 'failed') return { id, name, state, message: toMessage(result.error) };
  return { id, name, state, record: result.record };
}

function toCleanedUp(result: CleanUpResult): CleanedUpSession {
  const { state, record } = result;
  if (result.state === 'failed') return { state, record, message: toMessage(result.error) };
  const { kept, isPending } = result;
  return { state, record, ...(kept ? { kept } : {}), ...(isPending ? { isPending } : {}) };
}
