/** Names git to the helper, which is started by whoever knows where it is. */
export const gitVariable = 'HOLDFAST_GIT';

let chosen: string | undefined;

/** The git that is run: the one that was chosen, that of the environment, or the first on the path. */
export function gitProgram(env: NodeJS.ProcessEnv = process.env): string {
  return chosen ?? (env[gitVariable] || 'git');
}

/** From now on this process runs the git at that path; undefined goes back to that of the environment. */
export function chooseGit(path: string | undefined): void {
  chosen = path;
}

/** What a process that is started needs to run the same git. */
export function gitEnvironmentOf(): Record<string, string> {
  return chosen === undefined ? {} : { [gitVariable]: chosen };
}
