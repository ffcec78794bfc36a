// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of the setting
import assert from 'node:assert/strict';
import path from 'node:path';
import type { HoldfastError } from '../../../src/base/errors.ts';
import {
  excludedFolder,
  type LocationContext,
  worktreeLocation,
  worktreesFolder,
} from '../../../src/core/worktreeLocation.ts';

const session = { id: '12345678-0000-4000-8000-000000000000', name: 'login', branch: 'feature/log in' };
const posix: LocationContext = {
  root: '/home/me/shop',
  commonDir: '/home/me/shop/.git',
  home: '/home/me',
  path: path.posix,
};
const windows: LocationContext = {
  root: 'C:\\code\\shop',
  commonDir: 'C:\\code\\shop\\.git',
  home: 'C:\\Users\\me',
  path: path.win32,
};

describe('the place of a worktree', () => {
  const places: [setting: string, worktree: string, around: string][] = [
    ['.worktrees', '/home/me/shop/.worktrees/login-12345678', '/home/me/shop/.worktrees'],
    ['', '/home/me/shop/.worktrees/login-12345678', '/home/me/shop/.worktrees'],
    ['../${repo}-worktrees', '/home/me/shop-worktrees/login-12345678', '/home/me/shop-worktrees'],
    ['..', '/home/me/login-12345678', '/home/me'],
    ['~/wt/${repo}', '/home/me/wt/shop/login-12345678', '/home/me/wt/shop'],
    ['${home}/wt', '/home/me/wt/login-12345678', '/home/me/wt'],
    ['/fast disk/${repo}/${branch}', '/fast disk/shop/feature-log-in', '/fast disk/shop'],
    ['../${repo}.${name}', '/home/me/shop.login', '/home/me'],
    ['.trees/${name}/${id}', '/home/me/shop/.trees/login/12345678', '/home/me/shop/.trees'],
    ['tree-${id}', '/home/me/shop/tree-12345678', '/home/me/shop/tree-12345678'],
    ['/${id}', '/12345678', '/'],
    ['~x', '/home/me/shop/~x/login-12345678', '/home/me/shop/~x'],
  ];
  for (const [setting, worktree, around] of places) {
    it(`by “${setting}” is ${worktree}, and git leaves out ${around}`, () => {
      const place = worktreeLocation(setting, posix, session);
      assert.deepEqual([place, excludedFolder(setting, posix, place)], [worktree, around]);
    });
  }

  it('on Windows is told with either slash and on another drive', () => {
    const settings = ['..\\${repo}-worktrees', 'D:/wt/${repo}/${branch}', '~\\wt', '.worktrees'];
    assert.deepEqual(
      settings.map((setting) => worktreeLocation(setting, windows, session)),
      [
        'C:\\code\\shop-worktrees\\login-12345678',
        'D:\\wt\\shop\\feature-log-in',
        'C:\\Users\\me\\wt\\login-12345678',
        'C:\\code\\shop\\.worktrees\\login-12345678',
      ],
    );
  });

  const refused: [setting: string, why: string][] = [
    ['.worktrees/${slug}', 'there is no placeholder ${slug}'],
    ['.worktrees/${}', 'there is no placeholder ${}'],
    ['.', '/home/me/shop is the repository itself'],
    ['../${repo}', '/home/me/shop is the repository itself'],
    ['.git/worktrees', '/home/me/shop/.git/worktrees is inside git’s own folder'],
    ['sub/.GIT', '/home/me/shop/sub/.GIT is inside git’s own folder'],
    ['.git', '/home/me/shop/.git is inside git’s own folder'],
  ];
  for (const [setting, why] of refused) {
    it(`cannot be “${setting}”`, () => {
      const refuse = () => worktreeLocation(setting, posix, session);
      assert.throws(refuse, ({ code, message }: HoldfastError) => {
        assert.deepEqual(
          [code, message],
          ['INVALID_LOCATION', `“${setting}” is no place for worktrees: ${why}. Nothing was created.`],
        );
        return true;
      });
    });
  }

  it('cannot be a folder that has the repository in it', () => {
    const context = { ...posix, root: '/home/me/login' };
    const refuse = () => worktreeLocation('/home/${branch}', context, { ...session, branch: 'me' });
    assert.throws(refuse, /\/home\/me has the repository in it/);
  });

  it('cannot be inside git’s folder where that lies elsewhere', () => {
    const refuse = () => worktreeLocation('/srv/git/wt', { ...posix, commonDir: '/srv/git' }, session);
    assert.throws(refuse, /is inside git’s own folder/);
  });

  it('may be beside a bare repository’s own files', () => {
    const bare = { ...posix, root: '/srv/shop.git', commonDir: '/srv/shop.git' };
    assert.equal(worktreeLocation('.worktrees', bare, session), '/srv/shop.git/.worktrees/login-12345678');
  });
});

describe('the folder that worktrees are in', () => {
  it('is what the setting says before anything of a session’s own', () => {
    const settings = [
      '.worktrees',
      '../${repo}-worktrees',
      '/wt/${repo}/${branch}/x',
      'tree-${id}',
      '/${id}',
      '${nope}/x',
    ];
    assert.deepEqual(
      settings.map((setting) => worktreesFolder(setting, posix)),
      ['/home/me/shop/.worktrees', '/home/me/shop-worktrees', '/wt/shop', '/home/me/shop', '/', undefined],
    );
  });
});
