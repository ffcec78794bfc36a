import { hostNameIn, sshHostOf, withoutAlias } from '../core/sshAlias.ts';
import { gitEnvironment } from './git.ts';
import { execute } from './systemPrograms.ts';

/** ssh only reads its settings for it, which may run a program; milliseconds. */
const sshTimeout = 5_000;

/** A remote's URL as the web knows it, where ssh's settings have a name of their own for its host. Connects to nothing. */
export async function withRealHost(url: string, cwd: string): Promise<string> {
  const host = sshHostOf(url);
  if (host === undefined) return url;
  const options = { cwd, env: gitEnvironment(), timeout: sshTimeout, windowsHide: true };
  // Without ssh, and with settings that it does not take, the name is all that is known.
  const settings = await execute('ssh', ['-G', '--', host], options).catch(() => undefined);
  const hostName = settings && hostNameIn(settings.stdout);
  return hostName === undefined ? url : withoutAlias(url, hostName);
}
