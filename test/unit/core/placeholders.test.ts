import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { resolvePlaceholders, slugOf } from '../../../src/core/placeholders.ts';
import { aRecord } from '../records.ts';

const id = '0a1b2c3d-0000-4000-8000-000000000000';

const record = aRecord({
  id,
  name: 'Log in',
  branch: 'feature/log-in',
  worktreePath: '/repo/.worktrees/log-in-0a1b2c3d',
});
const sources = { record, root: '/repo', port: 21_340, env: { HOME: '/home/me' } };

const resolved = (text: string, changes: Partial<typeof sources> | { port: undefined } = {}) =>
  resolvePlaceholders({ X: text }, { ...sources, ...changes }).X;

describe('placeholders in variables', () => {
  const texts: [text: string, value: string][] = [
    [`postgres://localhost/app_\${slug}`, 'postgres://localhost/app_log_in_0a1b2c3d'],
    [`\${name} (\${id})`, `Log in (${id})`],
    [`\${branch}`, 'feature/log-in'],
    [`http://localhost:\${port}, \${port+1}, \${port+9}`, 'http://localhost:21340, 21341, 21349'],
    [`\${worktree} of \${root}`, '/repo/.worktrees/log-in-0a1b2c3d of /repo'],
    [`\${env:HOME}/bin:\${env:NOT_THERE}`, '/home/me/bin:'],
    [`$\${slug} $$ $5 \${slug`, `\${slug} $$ $5 \${slug`],
    ['', ''],
  ];
  for (const [text, value] of texts) {
    it(`make “${value}” of “${text}”`, () => {
      assert.equal(resolved(text), value);
    });
  }

  it('stand for what may itself look like one', () => {
    assert.equal(resolved(`\${name}`, { record: { ...record, name: `\${port} $& $1` } }), `\${port} $& $1`);
  });

  for (const text of [`\${slugg}`, `\${port+10}`, `\${port+0}`, `\${}`, `\${env:}`, `\${PORT}`]) {
    it(`are refused with the variable’s name: ${text}`, () => {
      assert.throws(
        () => resolved(`x${text}`),
        (error) => {
          assert.ok(error instanceof HoldfastError);
          const known = `\${slug}, \${name}, \${id}, \${branch}, \${port}, \${port+1}, \${worktree}, \${root}, \${env:NAME}`;
          assert.deepEqual(
            [error.code, error.text],
            [
              'INVALID_ARGUMENT',
              `The variable “X” has an unknown placeholder: ${text}. There are ${known}; write $${text} for the text itself.`,
            ],
          );
          return true;
        },
      );
    });
  }

  it('are refused where they ask for a port and none is left', () => {
    assert.throws(() => resolved(`\${port+2}`, { port: undefined }), /“X” asks for \$\{port\+2\}, but no port is left/);
  });
});

describe('the slug of a session', () => {
  const slugs: [worktreePath: string, slug: string][] = [
    ['/repo/.worktrees/log-in-0a1b2c3d', 'log_in_0a1b2c3d'],
    ['C:\\repo\\.worktrees\\Log In-0A1B2C3D', 'log_in_0a1b2c3d'],
    ['/repo/.worktrees/Café & Co.-0a1b2c3d', 'cafe_co_0a1b2c3d'],
    ['/elsewhere/подсказка', '0a1b2c3d'],
    [`/repo/.worktrees/${'very-long-'.repeat(10)}0a1b2c3d`, 'very_long_very_long_very_long_very_long_0a1b2c3d'],
  ];
  for (const [worktreePath, slug] of slugs) {
    it(`is ${slug} in ${worktreePath}`, () => {
      assert.equal(slugOf({ id, worktreePath }), slug);
    });
  }
});
