import { createHash, randomUUID } from 'node:crypto';
import { HelperClient } from '../../../src/client/helperClient.ts';
import { HelperLauncher } from '../../../src/client/helperLauncher.ts';
import { HostClient } from '../../../src/client/hostClient.ts';
import { newRecord } from '../../../src/core/sessionRecord.ts';
import { readJson } from '../../../src/node/durableFile.ts';
import { sessionPlaces, stateFolder, thisMachine } from '../../../src/node/places.ts';
import { readToken } from '../../../src/node/token.ts';
import type { HostFile } from '../../../src/protocol/hostMessages.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { isAlive, signal } from '../../support/processes.ts';
import { waitFor } from '../../support/waitFor.ts';
import { sessionEnvironment } from '../environment.ts';
import {
  createAndAttach,
  type DetachableContender,
  type DetachableSession,
  type OpenSession,
  type OutputListener,
  type Program,
  scrollback,
  type TerminalClient,
  terminalSize,
} from './contender.ts';

const stopGrace = 1_000;

export interface HoldfastSession extends DetachableSession {
  readonly id: string;
  hostPid(): Promise<number>;
  /** Of the program. */
  ptyPid(): Promise<number>;
}

/** The real thing: a helper that starts hosts, and clients on the hosts' own sockets. */
export class HoldfastSessions implements DetachableContender {
  readonly name: string;
  readonly dist: string;
  readonly #key: string;
  #helper: HelperClient;

  constructor(name: string, dist: string) {
    this.name = name;
    this.dist = dist;
    this.#key = createHash('sha256').update(name).digest('hex').slice(0, 16);
    this.#helper = this.#newClient();
  }

  get helper(): HelperClient {
    return this.#helper;
  }

  async create({ file, args }: Program, policy?: SessionRecord['policy']): Promise<HoldfastSession> {
    const id = randomUUID();
    const record = await this.#helper.create({ ...describe(id), ...(policy ? { policy } : {}) }, null);
    const env = sessionEnvironment();
    await this.#helper.start({
      sessionId: id,
      file,
      args: [...args],
      cwd: process.cwd(),
      env,
      ...terminalSize,
      scrollback,
    });
    const host = () => this.#hostFile(id);
    return {
      id,
      attach: async (onOutput) => attachTo(await host(), onOutput),
      hostPid: async () => (await host()).pid,
      ptyPid: async () => (await host()).ptyPid,
      end: () => this.#end(record),
    };
  }

  open(program: Program, onOutput: OutputListener): Promise<OpenSession> {
    return createAndAttach(this, program, onOutput);
  }

  async helperPid(): Promise<number> {
    return (await this.#helper.status()).pid;
  }

  /** Ends the helper for good and forgets it, as after its grace time. */
  async stopHelper(): Promise<void> {
    const pid = await this.helperPid();
    this.#helper.dispose();
    this.#helper = this.#newClient();
    signal(pid, 'SIGTERM');
    await waitFor(
      () => isAlive(pid),
      (alive) => !alive,
      { what: 'the helper’s end' },
    );
  }

  async close(): Promise<void> {
    if (await this.#helper.join()) await this.stopHelper();
    this.#helper.dispose();
  }

  #newClient(): HelperClient {
    const launcher = new HelperLauncher({
      machine: thisMachine(),
      key: this.#key,
      dist: this.dist,
      client: { kind: 'test', pid: process.pid, version: '0' },
    });
    return new HelperClient({ launcher, replica: () => [] });
  }

  async #hostFile(id: string): Promise<HostFile> {
    return (await readJson(sessionPlaces(thisMachine(), this.#key, id).host)) as HostFile;
  }

  async #end({ id }: SessionRecord): Promise<void> {
    await this.#helper.delete(await this.#helper.stop(id, stopGrace));
  }
}

/** A client that shows everything at once and says so, as a window's terminal that keeps up does. */
async function attachTo({ socket }: HostFile, onOutput: OutputListener): Promise<TerminalClient> {
  const token = await readToken(stateFolder(thisMachine()));
  const host = await HostClient.connect({ socket, token, client: { kind: 'test', pid: process.pid } });
  host.onOutput(({ seq, data }) => {
    onOutput(data);
    host.acknowledge(seq + data.length);
  });
  host.onScreen(({ seq, text }) => {
    onOutput(Buffer.from(text));
    host.acknowledge(seq);
  });
  await host.attach(terminalSize);
  return { write: (text) => host.input(Buffer.from(text)), detach: async () => host.dispose() };
}

function describe(id: string): SessionRecord {
  const place = { branch: '', baseBranch: '', worktreePath: process.cwd() };
  return newRecord({ id, name: id, ...place, command: null, now: new Date() });
}
