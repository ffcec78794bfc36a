import { chmod, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';

/** What the stand-in does, as a shell's code. The real one executes the program in its own place, too. */
export const executing = 'while [ "$1" != -- ]; do shift; done; shift; STAND_IN=own exec "$@"';

/** A user's service manager as far as our programs see it: a bus, and a systemd-run that notes how it was called. */
export class SystemdStandIn {
  readonly #folder: string;
  readonly #bus: net.Server;

  static async start(folder: string): Promise<SystemdStandIn> {
    await chmod(folder, 0o700);
    const bus = net.createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => bus.listen(path.join(folder, 'bus'), resolve));
    return new SystemdStandIn(folder, bus);
  }

  private constructor(folder: string, bus: net.Server) {
    this.#folder = folder;
    this.#bus = bus;
  }

  get env(): { PATH: string; XDG_RUNTIME_DIR: string } {
    return { PATH: `${this.#folder}:${process.env.PATH}`, XDG_RUNTIME_DIR: this.#folder };
  }

  async install(code: string): Promise<void> {
    const file = path.join(this.#folder, 'systemd-run');
    await writeFile(file, `#!/bin/sh\necho "$@" >> '${this.#folder}/calls'\n${code}\n`, { mode: 0o700 });
  }

  /** How it was called so far, up to the program, with the names that differ each time cut short. */
  async calls(): Promise<string[]> {
    const calls = (await this.#lines()).map((call) => call.split(' -- ')[0] ?? '');
    return calls.map((call) => call.replace(/-\d+-[0-9a-f]{8}$/, ''));
  }

  /** How many of the calls were not the same as another. */
  async differentCalls(): Promise<number> {
    return new Set(await this.#lines()).size;
  }

  end(): void {
    this.#bus.close();
  }

  async #lines(): Promise<string[]> {
    const text = await readFile(path.join(this.#folder, 'calls'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  }
}
