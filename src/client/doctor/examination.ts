import { mergeRecords } from '../../core/mergeRecords.ts';
import type { RebuildPlan } from '../../core/rebuildPlan.ts';
import { isLive } from '../../core/sessionRecord.ts';
import { type RepositoryPlaces, repositoryPlaces } from '../../node/places.ts';
import type { SessionRecord } from '../../protocol/sessionRecord.ts';
import { HelperClient } from '../helperClient.ts';
import { HelperLauncher } from '../helperLauncher.ts';
import { rebuild } from '../rebuild.ts';
import { listStorages } from '../windowStorages.ts';
import type { DoctorContext } from './doctorContext.ts';
import { askHelper, type HelperAnswer } from './helperAnswer.ts';
import { findLivingHosts, type LivingHost } from './livingHosts.ts';
import { type FoundProcess, findProcesses } from './processSearch.ts';
import { readSessionFolders, type SessionFolder } from './sessionFolders.ts';
import { readStorage, type StorageContent } from './storageContent.ts';

/** One look at a repository: what several checks need is read once. Changes nothing until a repair is asked for. */
export class Examination {
  readonly context: DoctorContext;
  readonly places: RepositoryPlaces;
  #storages: Promise<StorageContent[]> | undefined;
  #folders: Promise<SessionFolder[]> | undefined;
  #helper: Promise<HelperAnswer> | undefined;
  #plan: Promise<RebuildPlan> | undefined;
  #processes: Promise<FoundProcess[]> | undefined;
  #hosts: Promise<Map<string, LivingHost>> | undefined;

  constructor(context: DoctorContext) {
    this.context = context;
    this.places = repositoryPlaces(context.machine, context.workplace.key);
  }

  /** The storages of all windows that are known, each with its session list. */
  storages(): Promise<StorageContent[]> {
    this.#storages ??= this.#readStorages();
    return this.#storages;
  }

  sessionFolders(): Promise<SessionFolder[]> {
    this.#folders ??= readSessionFolders(this.context.machine, this.places);
    return this.#folders;
  }

  helper(): Promise<HelperAnswer> {
    this.#helper ??= this.#askHelper();
    return this.#helper;
  }

  /** The helper and the hosts that the system lists among its processes. */
  processes(): Promise<FoundProcess[]> {
    this.#processes ??= this.#findProcesses();
    return this.#processes;
  }

  /** The hosts that live, or may, by the ids of their sessions. */
  hosts(): Promise<Map<string, LivingHost>> {
    this.#hosts ??= findLivingHosts(this);
    return this.#hosts;
  }

  /**
   * Why a helper cannot be asked or started now, as a sentence; undefined where it can. One that starts takes a session
   * whose host it does not find for one that has ended.
   */
  async helperHindrance(): Promise<string | undefined> {
    const { state } = await this.helper();
    if (state === 'answers') return undefined;
    if (state === 'silent') return 'The helper that lives has to answer first.';
    const isUnfiled = [...(await this.hosts()).values()].some(({ isFiled }) => !isFiled);
    return isUnfiled ? 'The hosts that live have to write their files anew first.' : undefined;
  }

  /** What the helper knows, or the next one will know once it starts; tombstones included. */
  async known(): Promise<SessionRecord[]> {
    const answer = await this.helper();
    if (answer.state === 'answers') return answer.records;
    const readings = (await this.sessionFolders()).map(({ reading }) => reading);
    return readings.flatMap((reading) => ('record' in reading && reading.record ? [reading.record] : []));
  }

  /** The sessions that are known and not destroyed. */
  async live(): Promise<SessionRecord[]> {
    return (await this.known()).filter(isLive);
  }

  /** Sessions that nobody knows any more, and worktrees that may be a session's. */
  plan(): Promise<RebuildPlan> {
    this.#plan ??= this.#planRebuild();
    return this.#plan;
  }

  /** Whether anything at all tells of sessions that are not destroyed. */
  async hasSessions(): Promise<boolean> {
    const listed = (await this.storages()).flatMap(({ records }) => records);
    return [...mergeRecords(await this.known(), listed).values()].some(isLive);
  }

  /** Lets `use` work with the helper, which is started where none runs, and hands it `records` first. */
  async withHelper<T>(records: SessionRecord[], use: (helper: HelperClient) => Promise<T>): Promise<T> {
    const { machine, dist, client } = this.context;
    const launcher = new HelperLauncher({ machine, key: this.places.key, dist, client });
    const helper = new HelperClient({ launcher, replica: () => records });
    try {
      await helper.connect();
      return await use(helper);
    } finally {
      helper.dispose();
    }
  }

  async #readStorages(): Promise<StorageContent[]> {
    const { storage, workplace } = this.context;
    const noted = (await listStorages(this.places)).map(({ folder }) => folder);
    const folders = [...new Set([...(storage === undefined ? [] : [storage]), ...noted])];
    return Promise.all(folders.map((folder) => readStorage(folder, workplace)));
  }

  /** The lists are read first, so that none is newer than the helper's answer only because it was read later. */
  async #askHelper(): Promise<HelperAnswer> {
    await this.storages().catch(() => undefined);
    const search = async () => (await this.#findProcesses()).find(({ kind }) => kind === 'helper')?.pid;
    return askHelper(this.places, { client: this.context.client, search });
  }

  #findProcesses(): Promise<FoundProcess[]> {
    return findProcesses(this.context.machine, this.places.key);
  }

  async #planRebuild(): Promise<RebuildPlan> {
    const { machine, workplace, settings } = this.context;
    return rebuild({ machine, workplace, settings }, { known: await this.known(), withKept: true });
  }
}
