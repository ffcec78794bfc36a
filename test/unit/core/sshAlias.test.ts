import assert from 'node:assert/strict';
import { hostNameIn, sshHostOf, withoutAlias } from '../../../src/core/sshAlias.ts';

describe('a remote whose host is a name from the settings of ssh', () => {
  const cases: [url: string, hostName: string, expected: string][] = [
    ['git@github-work:team/app.git', 'github.com', 'ssh://github.com/team/app'],
    ['git@github.com-work:team/app.git', 'github.com', 'ssh://github.com/team/app'],
    ['ssh://work/team/app.git', 'git.example.org', 'ssh://git.example.org/team/app'],
    ['git@azure:v3/org/project/app', 'ssh.dev.azure.com', 'ssh://ssh.dev.azure.com/v3/org/project/app'],
    ['git@gitlab.example.org:team/app', 'gitlab-ssh.example.org', 'git@gitlab.example.org:team/app'],
    ['git@git.example.org:team/app', '10.0.0.5', 'git@git.example.org:team/app'],
    ['git@work:team/app', '10.0.0.5', 'git@work:team/app'],
    ['git@work:team/app', 'work', 'git@work:team/app'],
  ];
  for (const [url, hostName, expected] of cases) {
    it(`is ${expected} for ${url} where ssh goes to ${hostName}`, () => {
      assert.equal(withoutAlias(url, hostName), expected);
    });
  }

  it('is looked for only where ssh is used', () => {
    const urls = ['git@work:team/app', 'ssh://a@work:22/app', 'https://work/app', 'git://work/app', '/srv/app'];
    assert.deepEqual(urls.map(sshHostOf), ['work', 'work', undefined, undefined, undefined]);
  });

  it('is what ssh tells', () => {
    assert.equal(hostNameIn('user git\nhostname github.com\nport 22\n'), 'github.com');
  });
});
