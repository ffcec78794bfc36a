import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { chooseName, defaultName, toSafeName, uniqueName } from '../../../src/core/sessionName.ts';

/** The characters that trip names up, often enough to meet each other. */
const nasty = fc.constantFrom(
  ...'./\\-_~^:?*[@{}\0\n \t\x7f',
  '..',
  '.lock',
  '@{',
  'con',
  'NUL',
  'é',
  'ﬁ',
  '🙂',
  '‮',
  'Ä',
  '1',
);
const input = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.array(nasty, { maxLength: 30 }).map((parts) => parts.join('')),
);

describe('a safe name', () => {
  it('is accepted by git as the last part of a branch', () => {
    const names = fc.sample(input, 400).map(toSafeName).filter(Boolean);
    assert.deepEqual(
      names.filter((name) => !isBranch(`feature/${name}`)),
      [],
    );
  });

  it('is agreed on by git itself', () => {
    const names = [...new Set(fc.sample(input, 40).map(toSafeName).filter(Boolean))];
    for (const name of names) execFileSync('git', ['check-ref-format', '--branch', `feature/${name}`]);
  });

  it('is a file name that Windows accepts', () => {
    const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
    fc.assert(
      fc.property(input, (text) => {
        const name = toSafeName(text);
        return !reserved.test(name) && !/[<>:"/\\|?*\x00-\x1f]|[. ]$/.test(name);
      }),
    );
  });

  it('is at most 69 characters long and does not look like an option', () => {
    fc.assert(fc.property(input, (text) => !/^-/.test(toSafeName(text)) && [...toSafeName(text)].length <= 69));
  });

  it('stays as it is when it is made safe again', () => {
    fc.assert(fc.property(input, (text) => assert.equal(toSafeName(toSafeName(text)), toSafeName(text))));
  });

  const examples: [typed: string, name: string][] = [
    ['fix the login', 'fix-the-login'],
    ['Grüße 日本語', 'Grüße-日本語'],
    ['🙂 party', 'party'],
    ['../../etc/passwd', 'etc-passwd'],
    ['--force', 'force'],
    ['a..b', 'a-b'],
    ['main.lock', 'main'],
    ['x.lock.lock', 'x'],
    ['CON', 'CON-session'],
    ['nul.txt', 'nul-txt-session'],
    ['@{-1}', '1'],
    ['🙂', ''],
    ['x'.repeat(200), 'x'.repeat(60)],
  ];
  for (const [typed, name] of examples) {
    it(`for “${typed.slice(0, 30)}” is “${name.slice(0, 30)}”`, () => assert.equal(toSafeName(typed), name));
  }
});

describe('a unique name', () => {
  it('is the first that is free', () => {
    const taken = new Set(['fix', 'fix-2']);
    assert.equal(
      uniqueName('fix', (name) => taken.has(name)),
      'fix-3',
    );
  });

  it('is no longer for its number', () => {
    const long = 'x'.repeat(60);
    assert.equal(
      uniqueName(long, (name) => name === long),
      `${'x'.repeat(58)}-2`,
    );
  });
});

describe('the default name', () => {
  const now = new Date(2026, 2, 7, 23, 59);
  const cases: [what: string, taken: string[], name: string][] = [
    ['begins at 001', [], 'feature-2026-03-07-001'],
    [
      'counts on from the highest of the day',
      ['feature-2026-03-07-002', 'feature-2026-03-07-009'],
      'feature-2026-03-07-010',
    ],
    ['does not count other days', ['feature-2026-03-06-005', 'other'], 'feature-2026-03-07-001'],
    ['goes on after 999', ['feature-2026-03-07-999'], 'feature-2026-03-07-1000'],
  ];
  for (const [what, taken, name] of cases) it(what, () => assert.equal(defaultName(now, taken), name));
});

describe('the name that is chosen', () => {
  const now = new Date(2026, 2, 7);
  const choices: [typed: string | undefined, taken: string[], text: string][] = [
    ['login', [], 'login'],
    ['  login ', [], 'login'],
    [undefined, [], 'feature-2026-03-07-001'],
    ['fix it', [], 'fix-it: “fix it” became “fix-it” so that it is safe as a branch and a folder.'],
    ['Login', ['login'], 'Login-2: “Login” became “Login-2” because that name is taken.'],
    [
      '🙂',
      [],
      'feature-2026-03-07-001: “🙂” became “feature-2026-03-07-001” because nothing in it can be part of a branch name.',
    ],
  ];
  for (const [typed, taken, text] of choices) {
    it(`for ${JSON.stringify(typed)} says what was changed`, () => {
      const { name, notice } = chooseName(typed, now, taken);
      assert.equal(notice ? `${name}: ${notice}` : name, text);
    });
  }
});

/** The rules of `git check-ref-format`, which is too slow to ask hundreds of times. */
function isBranch(ref: string): boolean {
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$|^-/.test(ref) || ref === '@') return false;
  return ref.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}
