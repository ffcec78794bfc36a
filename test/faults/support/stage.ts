import path from 'node:path';
import { HelperClient } from '../../../src/client/helperClient.ts';
import { HelperConnection } from '../../../src/client/helperConnection.ts';
import type { SessionHealth } from '../../../src/protocol/health.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import {
  processEnd,
  readHostFile,
  Scene,
  type SessionOptions,
  type TestSession,
} from '../../integration/support/scene.ts';
import { signal } from '../../support/processes.ts';
import { type TempDirs, tempDirs } from '../../support/tempDirs.ts';
import { waitFor } from '../../support/waitFor.ts';
import { Ledger } from './ledger.ts';
import { assertNothingLost } from './nothingLost.ts';
import { type NumberedSession as Numbered, NumberedSession, type Numbers, numbersCommand } from './numberedSession.ts';
import { PausePoints } from './pausePoints.ts';

interface StageParts {
  points: PausePoints;
  dirs: TempDirs;
  programs: string | undefined;
}

/** One case of a fault: a repository with its real helper and hosts, and the account of what was promised. */
export class Stage {
  readonly scene: Scene;
  readonly client: HelperClient;
  readonly points: PausePoints;
  readonly ledger = new Ledger();
  readonly sessions: Numbered[] = [];
  readonly #dirs: TempDirs;

  /** @param programs the folder that helper and hosts are taken from, where it is not that of the build */
  static async make(programs?: string): Promise<Stage> {
    const dirs = tempDirs();
    const points = new PausePoints(await dirs.make('points'));
    // Read by the processes that are started from here on; this one has read it already, and never waits.
    Object.assign(process.env, points.env);
    const scene = await Scene.make(await dirs.make('repository'));
    const stage = new Stage(scene, { points, dirs, programs });
    await stage.client.connect().catch((error) => stage.dispose().finally(() => Promise.reject(error)));
    return stage;
  }

  private constructor(scene: Scene, { points, dirs, programs }: StageParts) {
    this.scene = scene;
    const launcher = scene.launcher(programs === undefined ? {} : { dist: programs });
    this.client = scene.own(new HelperClient({ launcher, replica: () => [] }));
    this.points = points;
    this.#dirs = dirs;
  }

  newFolder(name?: string): Promise<string> {
    return this.#dirs.make(name);
  }

  /** Starts a session that is to live until the case is over, printing numbers. */
  async numbers(numbers: Numbers & Pick<SessionOptions, 'policy'> = {}): Promise<Numbered> {
    const trace = path.join(await this.newFolder('trace'), 'starts');
    const { record } = await this.start(numbersCommand(trace, numbers), numbers);
    return this.watch(record, trace);
  }

  async watch(record: TestSession['record'], trace: string): Promise<Numbered> {
    this.ledger.note(record);
    const session = await NumberedSession.watch(this.scene, record, trace);
    this.sessions.push(session);
    return session;
  }

  /** Starts a session of any command, whose end is the case's own affair. */
  async start(command: string[], options?: SessionOptions): Promise<TestSession> {
    const session = await this.scene.start(this.client, command, options);
    this.ledger.note(session.record);
    return session;
  }

  async killHelper(): Promise<number> {
    const pid = await this.scene.helperPid();
    signal(pid, 'SIGKILL');
    await processEnd(pid);
    return pid;
  }

  /** Kills the session's host, of which the session is to recover by itself: see {@link NumberedSession.recovered}. */
  async killHost(session: Numbered): Promise<void> {
    session.shouldLive = false;
    signal(session.host.pid, 'SIGKILL');
    await Promise.all([session.host, session.program].map(({ pid }) => processEnd(pid)));
  }

  /** A client that takes a helper for silent after less than a second. */
  impatientClient(): HelperClient {
    return this.scene.own(
      new HelperClient({ launcher: this.scene.launcher({ answerDeadline: 600 }), replica: () => [] }),
    );
  }

  /** A connection of its own, which waits for the helper for as long as a test may take. */
  async connect(): Promise<HelperConnection> {
    const { places, token } = this.scene;
    const client = { kind: 'test' as const, pid: process.pid, version: '0.0.0' };
    const options = { socket: places.helperSocket, token, client, answerDeadline: 60_000 };
    return this.scene.own(await HelperConnection.connect(options));
  }

  /** The session’s health once the helper tells it as wanted. */
  async health({ id }: { id: string }, isWanted: (health: SessionHealth) => boolean): Promise<SessionHealth> {
    const read = async () => (await this.client.health()).sessions.find((session) => session.id === id);
    const isTold = (health?: SessionHealth) => health !== undefined && isWanted(health);
    return (await waitFor(read, isTold, { timeout: 30_000, what: 'the health' })) as SessionHealth;
  }

  /** The first state of its record that is as wanted; one that soon passes is among those that the helper tells. */
  async record({ id }: { id: string }, isWanted: (record: SessionRecord) => boolean): Promise<SessionRecord> {
    let told: SessionRecord | undefined;
    const isFound = (record?: SessionRecord) => record?.id === id && isWanted(record);
    const listening = this.client.onChange((record) => {
      if (isFound(record)) told ??= record;
    });
    const read = async () => told ?? (await this.client.list()).records.find((record) => record.id === id);
    try {
      return (await waitFor(read, isFound, { timeout: 30_000, what: 'the record' })) as SessionRecord;
    } finally {
      listening.dispose();
    }
  }

  async hostPid({ id }: { id: string }): Promise<number> {
    return (await readHostFile(this.scene.session(id)))?.pid as number;
  }

  async dispose(): Promise<void> {
    delete process.env.HOLDFAST_PAUSE_FOLDER;
    await this.scene.dispose();
    await this.#dirs.remove();
  }
}

/** A test that does harm on a stage of its own, and ends with the four assertions whatever else it asserts. */
export function itLosesNothing(title: string, test: (stage: Stage) => Promise<void>): Mocha.Test {
  return it(title, () => onStage(test));
}

/** The same where a process can be measured and limited from outside, which of all systems Linux alone allows. */
export function itLosesNothingOnLinux(title: string, test: (stage: Stage) => Promise<void>): Mocha.Test {
  return process.platform === 'linux' ? itLosesNothing(title, test) : it.skip(`${title} (seen on Linux alone)`);
}

/** Runs `test` and asserts that nothing was lost. For `programs` see {@link Stage.make}. */
export async function onStage(test: (stage: Stage) => Promise<void>, programs?: string): Promise<void> {
  const stage = await Stage.make(programs);
  try {
    await test(stage);
    await assertNothingLost(stage.scene, stage);
  } finally {
    await stage.dispose();
  }
}
