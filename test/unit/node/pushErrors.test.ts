import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { explainPush } from '../../../src/node/pushErrors.ts';

describe('a push that failed', () => {
  const unread = '\nfatal: Could not read from remote repository.\n';
  const told: [stderr: string, code: string, message: RegExp][] = [
    [
      `ssh: Could not resolve hostname git.example: Name or service not known\r${unread}`,
      'REMOTE_UNREACHABLE',
      /: Could not resolve hostname git\.example: Name or service not known\.$/,
    ],
    [`ssh: connect to host git.example port 22: Connection refused\r${unread}`, 'REMOTE_UNREACHABLE', /refused\.$/],
    [
      "fatal: unable to access 'https://git.example/': Could not resolve host: git.example\n",
      'REMOTE_UNREACHABLE',
      /./,
    ],
    [`git@git.example: Permission denied (publickey).\r${unread}`, 'AUTHENTICATION_FAILED', /\(publickey\)\.$/],
    [`Permission denied (publickey).\nConnection closed by 10.0.0.1 port 22${unread}`, 'AUTHENTICATION_FAILED', /./],
    [`ERROR: Repository not found.${unread}`, 'AUTHENTICATION_FAILED', /./],
  ];
  for (const [stderr, code, message] of told) {
    it(`is told as ${code}: ${stderr.split(/[\r\n]/)[0]}`, () => {
      const error = new HoldfastError('GIT_FAILED', 'git push failed', { data: { stderr, stdout: '' } });
      const target = { remote: 'origin', ref: 'refs/heads/x', setsUpstream: true };
      const explained = explainPush('x', target, error) as HoldfastError;
      assert.deepEqual([explained.code, message.test(explained.message)], [code, true]);
    });
  }
});
