import { type RunGit, readRef } from '../node/changesQuestions.ts';
import { refMark } from '../node/worktreeMarks.ts';

/** Where the bases of the sessions stand; git is asked only where one may have moved. */
export class BaseCommits {
  readonly #run: RunGit;
  readonly #known = new Map<string, { mark: string; commit: string | undefined }>();

  constructor(run: RunGit) {
    this.#run = run;
  }

  /** Undefined where there is none of that name. */
  async commitOf(name: string, commonDir: string): Promise<string | undefined> {
    const mark = await refMark(commonDir, name);
    const known = this.#known.get(name);
    if (known?.mark === mark) return known.commit;
    const commit = await readRef(this.#run, name, commonDir);
    this.#known.set(name, { mark, commit });
    return commit;
  }

  forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }
}
