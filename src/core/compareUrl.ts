/** What a URL of a remote says. */
export interface RemoteAddress {
  /** With a port only where that is one of the web. */
  host: string;
  /** Without slashes around it and without `.git`. */
  path: string;
  /** `http` only where the remote is reached so. */
  scheme: 'https' | 'http';
}

/** `https://host/path`, `ssh://user@host:port/path`, `user@host:path`, `git://…`; undefined for paths and other schemes. */
export function parseRemote(url: string): RemoteAddress | undefined {
  const [, scheme, host, path] = /^(https?|ssh|git|git\+ssh):\/\/(?:[^@/]*@)?(\[[^\]]+\](?::\d+)?|[^/]+)\/(.+)$/i.exec(
    url,
  ) ?? [undefined, ...scpForm(url)];
  if (!scheme || !host || !path) return undefined;
  const isWeb = /^https?$/i.test(scheme);
  const name = (isWeb ? host : host.replace(/:\d+$/, '')).toLowerCase();
  return {
    host: isWeb ? name : (webHosts[name] ?? name),
    path: path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, ''),
    scheme: scheme.toLowerCase() === 'http' ? 'http' : 'https',
  };
}

/** Where ssh is taken at a host of its own, as on the port of the web. */
const webHosts: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
};

/** `C:\repo` and `./a:b` are paths. */
function scpForm(url: string): string[] {
  const [, host, path] = /^(?:[^@/\\:]+@)?([^/\\:]{2,}|\[[^\]]+\]):(?!\/\/)(.+)$/.exec(url) ?? [];
  return host && path ? ['ssh', host, path] : [];
}

export interface Comparison {
  /** Of the remote. */
  url: string;
  /** Branches by their names on the remote. */
  base: string | undefined;
  branch: string;
}

/** The page on which a pull request is made; undefined where the remote is on no web server that is known. */
export function compareUrl({ url, base, branch }: Comparison): string | undefined {
  const address = parseRemote(url);
  if (!address) return undefined;
  const site = Object.values(sites).find(({ is }) => is(address.host));
  return (site ?? sites.github).page(address, { base, branch: encode(branch), rawBranch: branch });
}

/** Whether a remote is on GitHub, or on a server that tells by its name that it is GitHub’s. */
export function isGitHub(url: string): boolean {
  return /(^|[.-])github([.-]|$)/.test(parseRemote(url)?.host ?? '');
}

interface Ends {
  base: string | undefined;
  branch: string;
  rawBranch: string;
}

interface Site {
  is: (host: string) => boolean;
  page: (address: RemoteAddress, ends: Ends) => string;
}

/** By the words in the names of their servers; a server of unknown kind is most often one that follows GitHub. */
const sites = {
  gitlab: {
    is: (host) => /(^|[.-])gitlab([.-]|$)/.test(host),
    page: (address, { base, rawBranch }) => {
      const target = base === undefined ? {} : { 'merge_request[target_branch]': base };
      const query = new URLSearchParams({ 'merge_request[source_branch]': rawBranch, ...target });
      return `${web(address)}/-/merge_requests/new?${query}`;
    },
  },
  bitbucket: {
    is: (host) => host === 'bitbucket.org',
    page: (address, { base, rawBranch }) => {
      const query = new URLSearchParams({ source: rawBranch, ...(base === undefined ? {} : { dest: base }) });
      return `${web(address)}/pull-requests/new?${query}`;
    },
  },
  bitbucketServer: {
    is: (host) => /(^|[.-])(bitbucket|stash)([.-]|$)/.test(host),
    page: (address, { base, rawBranch }) => {
      const [project = '', repository = ''] = address.path.replace(/^scm\//, '').split('/');
      const target = base === undefined ? {} : { targetBranch: `refs/heads/${base}` };
      const query = new URLSearchParams({ sourceBranch: `refs/heads/${rawBranch}`, ...target });
      const owner = project.startsWith('~') ? `users/${project.slice(1)}` : `projects/${project}`;
      return `${address.scheme}://${address.host}/${owner}/repos/${repository}/pull-requests?create&${query}`;
    },
  },
  azure: {
    is: (host) => /(^|\.)dev\.azure\.com$|\.visualstudio\.com$/.test(host),
    page: (address, { base, rawBranch }) => {
      const query = new URLSearchParams({ sourceRef: rawBranch, ...(base === undefined ? {} : { targetRef: base }) });
      return `${azureRepository(address)}/pullrequestcreate?${query}`;
    },
  },
  gitea: {
    is: (host) => /(^|[.-])(gitea|forgejo|codeberg)([.-]|$)/.test(host),
    page: (address, { base, branch }) =>
      `${web(address)}/compare/${base === undefined ? '' : `${encode(base)}...`}${branch}`,
  },
  github: {
    is: () => false,
    page: (address, { base, branch }) =>
      `${web(address)}/compare/${base === undefined ? '' : `${encode(base)}...`}${branch}?expand=1`,
  },
} satisfies Record<string, Site>;

/** What a remote’s URL has encoded already stays so. */
function web({ scheme, host, path }: RemoteAddress): string {
  return `${scheme}://${host}/${path.includes('%') ? path : encode(path)}`;
}

/** `v3/org/project/repository` over ssh, `org/project/_git/repository` on the web, the organisation before old hosts. */
function azureRepository({ host, path }: RemoteAddress): string {
  const [, organisation, project, repository] = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (repository !== undefined) return `https://dev.azure.com/${organisation}/${project}/_git/${repository}`;
  return `https://${host}/${path}`;
}

/** Slashes stay: they are a part of a branch’s name in all of these addresses. */
function encode(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/');
}
