import { stat } from 'node:fs/promises';
import { Sequencer } from '../base/async.ts';
import { describeError } from '../base/errors.ts';
import { isMissing } from '../node/durableFile.ts';
import type { DiskQuestions } from './diskQuestions.ts';

/** A disk does not answer, which says nothing about the session that is on it. The message is a part of a sentence. */
export class SilentDiskError extends Error {}

/** Looks whether the folders are there that sessions are to be started in. */
export class StartFolders {
  readonly #questions: DiskQuestions;
  readonly #look: (folder: string) => Promise<boolean>;
  /** Sessions that are due together must not keep one another from being asked about. */
  readonly #turns = new Sequencer();

  /** @param look whether there is a folder; rejects with the system's error */
  constructor(questions: DiskQuestions, look = isFolder) {
    this.#questions = questions;
    this.#look = look;
  }

  /**
   * Resolves where a session's folder is there.
   *
   * @throws {SilentDiskError} where its disk does not answer, or others keep it from being asked
   * @throws {Error} a part of a sentence: that it is gone, or what the system says of it
   */
  async require(id: string, folder: string): Promise<void> {
    const ask = () => this.#questions.ask(`folder of ${id}`, () => this.#obstacleIn(folder));
    const answer = await this.#turns.queue(ask);
    if (answer.state === 'silent') throw new SilentDiskError(`the disk of its folder ${folder} does not answer`);
    if (answer.state === 'unknown')
      throw new SilentDiskError(`disks that do not answer keep its folder ${folder} from being looked at`);
    if (answer.value !== undefined) throw new Error(answer.value);
  }

  async #obstacleIn(folder: string): Promise<string | undefined> {
    try {
      if (await this.#look(folder)) return undefined;
    } catch (error) {
      if (!isMissing(error)) return `its folder ${folder} cannot be looked at: ${describeError(error)}`;
    }
    return `its folder ${folder} is gone`;
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder)).isDirectory();
}
