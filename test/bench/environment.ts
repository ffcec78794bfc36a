import { cleanEnvironment } from '../support/environment.ts';

/** What programs inside a measured terminal get: the same for all contenders, with a plain prompt for the shell. */
export function sessionEnvironment(): Record<string, string> {
  const { TMUX, TMUX_PANE, ...env } = cleanEnvironment();
  return { ...definedOnly(env), TERM: 'xterm-256color', PS1: prompt, LC_ALL: 'C.UTF-8' };
}

/** What the measured shell prints when it is ready. */
export const prompt = 'ready-for-input> ';

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
