import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { matchExactly, matchSession } from '../../../src/cli/sessionMatch.ts';

const sessions = [
  { id: 'aaaa1111-0000-4000-8000-000000000000', name: 'login' },
  { id: 'aaaa2222-0000-4000-8000-000000000000', name: 'login-page' },
  { id: 'bbbb3333-0000-4000-8000-000000000000', name: 'Search' },
  { id: 'cccc4444-0000-4000-8000-000000000000', name: 'search-box' },
];

describe('the session that a name on the command line means', () => {
  const found: [query: string, name: string, why: string][] = [
    ['login', 'login', 'the exact name, though another name begins so'],
    ['search', 'Search', 'the name in other case, though another name begins so'],
    ['login-', 'login-page', 'the only name that begins so'],
    ['LOGIN-P', 'login-page', 'the only name that begins so, in other case'],
    ['bbbb', 'Search', 'the only id that begins so'],
    ['aaaa2222-0000-4000-8000-000000000000', 'login-page', 'the whole id'],
  ];
  for (const [query, name, why] of found) {
    it(`is for “${query}” ${why}`, () => assert.equal(matchSession(sessions, query).name, name));
  }

  it('is not guessed where several begin so; the error names them', () => {
    assert.deepEqual(errorOf('aaaa'), {
      code: 'AMBIGUOUS_SESSION',
      text: '“aaaa” could be login (aaaa1111), login-page (aaaa2222). Give more of the name, or the id in brackets.',
    });
  });

  it('is not guessed between two names that differ in case only', () => {
    const twins = [sessions[0], { id: 'dddd', name: 'LOGIN' }] as typeof sessions;
    assert.equal(errorOf('Login', twins).code, 'AMBIGUOUS_SESSION');
  });

  it('is not guessed between two of one name, which the beginning of an id tells apart', () => {
    const twins = [sessions[0], { ...sessions[2], name: 'login' }] as typeof sessions;
    assert.deepEqual(
      { ...errorOf('login', twins), found: matchSession(twins, 'bbbb3333').id },
      {
        code: 'AMBIGUOUS_SESSION',
        text: '“login” could be login (aaaa1111), login (bbbb3333). Give the id in brackets.',
        found: sessions[2]?.id,
      },
    );
  });

  it('is none where nothing begins so; the error names what there is', () => {
    assert.deepEqual(errorOf('nobody', sessions.slice(0, 1)), {
      code: 'SESSION_NOT_FOUND',
      text: 'There is no session “nobody”. There are login (aaaa1111).',
    });
  });

  it('is none for an empty name', () => assert.equal(errorOf('').code, 'SESSION_NOT_FOUND'));
});

describe('the session that a name means to a command that ends it', () => {
  it('is the one of that name', () => assert.equal(matchExactly(sessions, 'login').id, sessions[0]?.id));

  it('is the one whose id begins with 8 characters or more', () => {
    assert.equal(matchExactly(sessions, 'AAAA2222-00').name, 'login-page');
  });

  it('is not guessed between two of one name', () => {
    const twins = [sessions[0], { ...sessions[2], name: 'login' }] as typeof sessions;
    assert.equal(errorOf('login', twins, matchExactly).code, 'AMBIGUOUS_SESSION');
  });

  it('is none for the beginning of a name; the error tells what it takes', () => {
    assert.deepEqual(errorOf('search-', sessions, matchExactly), {
      code: 'SESSION_NOT_FOUND',
      text: 'There is no session “search-”. This takes a whole name, or at least 8 characters of an id: search-box (cccc4444).',
    });
  });

  for (const query of ['login-', 'search', 'bbbb', '']) {
    it(`is none for “${query}”, which would be a guess`, () => {
      assert.equal(errorOf(query, sessions, matchExactly).code, 'SESSION_NOT_FOUND');
    });
  }
});

function errorOf(query: string, among = sessions, match = matchSession): { code: string; text: string } {
  try {
    match(among, query);
  } catch (error) {
    if (error instanceof HoldfastError) return { code: error.code, text: error.text };
  }
  return assert.fail('a session was found');
}
