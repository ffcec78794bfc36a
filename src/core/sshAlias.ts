import { parseRemote } from './compareUrl.ts';

/** Hosts that everybody knows, so that a name which leads to one is nothing but another name of it. */
const publicHosts = /^((ssh\.)?github\.com|(altssh\.)?gitlab\.com|(altssh\.)?bitbucket\.org|ssh\.dev\.azure\.com)$/;

/** The host that ssh is asked for; undefined for a remote that is not reached by ssh. */
export function sshHostOf(url: string): string | undefined {
  if (/^(https?|git):\/\//i.test(url)) return undefined;
  return parseRemote(url)?.host;
}

/**
 * A remote's URL with the host that it leads to in place of a name from the user's own ssh settings, as in
 * `git@github-work:team/app`. What has a name of its own on the web is kept: where ssh goes from there is another matter.
 *
 * @param hostName where ssh goes for the URL
 */
export function withoutAlias(url: string, hostName: string): string {
  const address = parseRemote(url);
  const host = hostName.toLowerCase();
  const isAlias = publicHosts.test(host) || (address && !address.host.includes('.') && /\.[a-z][a-z0-9-]*$/.test(host));
  return address && isAlias ? `ssh://${host}/${address.path}` : url;
}

/** Reads `ssh -G`. @see https://man.openbsd.org/ssh#G */
export function hostNameIn(settings: string): string | undefined {
  return /^hostname (\S+)$/im.exec(settings)?.[1];
}
