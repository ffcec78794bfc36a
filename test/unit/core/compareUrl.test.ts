import assert from 'node:assert/strict';
import { compareUrl, isGitHub, parseRemote } from '../../../src/core/compareUrl.ts';

describe('the address of a remote', () => {
  const cases: [url: string, address: string | undefined][] = [
    ['https://github.com/team/app.git', 'https github.com team/app'],
    ['https://github.com/team/app/', 'https github.com team/app'],
    ['http://git.example.org:3000/team/app', 'http git.example.org:3000 team/app'],
    ['https://user:secret@github.com/team/app.git', 'https github.com team/app'],
    ['git@github.com:team/app.git', 'https github.com team/app'],
    ['github.com:team/app', 'https github.com team/app'],
    ['git@github.com:/team/app.git', 'https github.com team/app'],
    ['ssh://git@git.example.org:2222/team/app.git', 'https git.example.org team/app'],
    ['ssh://git@ssh.github.com:443/team/app.git', 'https github.com team/app'],
    ['git://git.example.org/app.git', 'https git.example.org app'],
    ['git@GitLab.com:team/sub/app.git', 'https gitlab.com team/sub/app'],
    ['ssh://git@[::1]:22/app', 'https [::1] app'],
    ['/srv/git/app.git', undefined],
    ['../app', undefined],
    ['C:\\repos\\app', undefined],
    ['C:/repos/app', undefined],
    ['file:///srv/git/app.git', undefined],
    ['', undefined],
  ];
  for (const [url, expected] of cases) {
    it(`is ${expected ?? 'none'} for “${url}”`, () => {
      const address = parseRemote(url);
      assert.equal(address && `${address.scheme} ${address.host} ${address.path}`, expected);
    });
  }
});

describe('the page for a pull request', () => {
  const branch = 'feature/größe #1';
  const encoded = 'feature/gr%C3%B6%C3%9Fe%20%231';
  const cases: [url: string, page: string | undefined][] = [
    ['git@github.com:team/app.git', `https://github.com/team/app/compare/main...${encoded}?expand=1`],
    ['https://github.example.org/team/app', `https://github.example.org/team/app/compare/main...${encoded}?expand=1`],
    ['https://git.example.org/team/app', `https://git.example.org/team/app/compare/main...${encoded}?expand=1`],
    [
      'git@gitlab.com:team/sub/app.git',
      'https://gitlab.com/team/sub/app/-/merge_requests/new?merge_request%5Bsource_branch%5D=feature%2Fgr%C3%B6%C3%9Fe+%231&merge_request%5Btarget_branch%5D=main',
    ],
    [
      'git@bitbucket.org:team/app.git',
      'https://bitbucket.org/team/app/pull-requests/new?source=feature%2Fgr%C3%B6%C3%9Fe+%231&dest=main',
    ],
    [
      'ssh://git@bitbucket.example.org:7999/team/app.git',
      'https://bitbucket.example.org/projects/team/repos/app/pull-requests?create&sourceBranch=refs%2Fheads%2Ffeature%2Fgr%C3%B6%C3%9Fe+%231&targetBranch=refs%2Fheads%2Fmain',
    ],
    [
      'https://bitbucket.example.org/scm/~ann/app.git',
      'https://bitbucket.example.org/users/ann/repos/app/pull-requests?create&sourceBranch=refs%2Fheads%2Ffeature%2Fgr%C3%B6%C3%9Fe+%231&targetBranch=refs%2Fheads%2Fmain',
    ],
    [
      'https://team@dev.azure.com/team/my%20project/_git/app',
      'https://dev.azure.com/team/my%20project/_git/app/pullrequestcreate?sourceRef=feature%2Fgr%C3%B6%C3%9Fe+%231&targetRef=main',
    ],
    [
      'git@ssh.dev.azure.com:v3/team/project/app',
      'https://dev.azure.com/team/project/_git/app/pullrequestcreate?sourceRef=feature%2Fgr%C3%B6%C3%9Fe+%231&targetRef=main',
    ],
    [
      'https://team.visualstudio.com/project/_git/app',
      'https://team.visualstudio.com/project/_git/app/pullrequestcreate?sourceRef=feature%2Fgr%C3%B6%C3%9Fe+%231&targetRef=main',
    ],
    ['https://codeberg.org/team/app.git', `https://codeberg.org/team/app/compare/main...${encoded}`],
    ['ssh://git@gitea.example.org:2222/team/app.git', `https://gitea.example.org/team/app/compare/main...${encoded}`],
    ['/srv/git/app.git', undefined],
  ];
  for (const [url, page] of cases) {
    it(`of a branch on ${url} is ${page ? 'that of its server' : 'none'}`, () => {
      assert.equal(compareUrl({ url, base: 'main', branch }), page);
    });
  }

  it('leaves the base to the server where there is none', () => {
    const url = 'git@github.com:team/app.git';
    assert.equal(compareUrl({ url, base: undefined, branch: 'a' }), 'https://github.com/team/app/compare/a?expand=1');
  });

  it('knows GitHub by the name of the server', () => {
    const urls = [
      'git@github.com:a/b',
      'https://github.example.org/a/b',
      'https://notgithub.com/a/b',
      'https://gitlab.com/a/github',
    ];
    assert.deepEqual(urls.map(isGitHub), [true, true, false, false]);
  });
});
