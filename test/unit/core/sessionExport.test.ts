import assert from 'node:assert/strict';
import path from 'node:path';
import { type ExportContent, openExport, serializeExport } from '../../../src/core/sessionExport.ts';
import { aRecord } from '../records.ts';

const context = { root: '/repo', resolve: path.posix.resolve, savedAt: new Date('2026-01-03T00:00:00Z') };
const commit = 'a'.repeat(40);
const login = aRecord({ metadata: { ownsBranch: true, env: { TOKEN: 'secret' } } });
const other = aRecord({ id: '9b2f1c3d-5e6f-4a7b-8c9d-0e1f2a3b4c5d', name: 'other' });
const content: ExportContent = {
  key: '0123456789abcdef',
  exportedAt: new Date('2026-01-02T00:00:00Z'),
  repository: { name: 'repo' },
  sessions: [{ record: login, commit }, { record: other }],
  includeEnv: false,
};

describe('an export', () => {
  it('has no values of variables, and says which it left out', () => {
    const { text, leftOut } = serializeExport(content);
    assert.deepEqual(
      { leftOut, isSecret: !text.includes('secret') },
      { leftOut: { [login.id]: ['TOKEN'] }, isSecret: true },
    );
  });

  it('has the values of variables where that is asked for', () => {
    const { text, leftOut } = serializeExport({ ...content, includeEnv: true });
    const [session] = openExport(text, context).sessions;
    assert.deepEqual([leftOut, session?.record, session?.leftOut], [{}, login, []]);
  });

  it('gives back each session, with its commit and the names of its variables', () => {
    const record = { ...login, metadata: { ownsBranch: true } };
    assert.deepEqual(openExport(serializeExport(content).text, context), {
      state: 'sound',
      sessions: [
        { record, commit, repairs: [], leftOut: ['TOKEN'] },
        { record: other, repairs: [], leftOut: [] },
      ],
      problems: [],
    });
  });
});

describe('a file of sessions', () => {
  it('that is damaged gives the sessions that are as they were written, and names the others', () => {
    const { text } = serializeExport(content);
    assert.deepEqual(summary(text.replace('"name": "other"', '"name": "ether"')), {
      state: 'damaged',
      problem: 'its checksum is wrong',
      names: ['login'],
      problems: ['“ether” is not as it was written'],
    });
  });

  it('that is no JSON gives none', () => {
    assert.deepEqual(summary('{"sess'), { state: 'damaged', problem: 'it is not whole JSON', names: [], problems: [] });
  });

  it('that a newer version wrote is told as such', () => {
    assert.deepEqual(summary('{"version":"2.0","sessions":[]}').state, 'newer');
  });

  it('in the bare form is put right where there is one right answer, and without what was destroyed', () => {
    const { policy: _, ...bare } = aRecord({ status: 'running' as never });
    const destroyed = aRecord({ id: other.id, deletedAt: '2026-01-01T00:00:00.000Z' });
    const opened = openExport(JSON.stringify({ version: '1.0', sessions: [bare, destroyed] }), context);
    const repairs = ['the unknown status "running" became active', 'policy was missing'];
    assert.deepEqual(
      opened.sessions.map((session) => session.repairs),
      [repairs],
    );
  });

  it('with two sessions of one id is damaged, and gives the first', () => {
    const text = JSON.stringify({ version: '1.0', sessions: [login, { ...other, id: login.id }] });
    assert.deepEqual(summary(text), {
      state: 'damaged',
      problem: '“other” cannot be used: it has the id of “login”',
      names: ['login'],
      problems: ['“other” cannot be used: it has the id of “login”'],
    });
  });

  it('with a name of any length tells no more than its beginning', () => {
    const [problem = ''] = summary(JSON.stringify({ version: '1.0', sessions: [{ name: 'x'.repeat(5000) }] })).problems;
    assert.match(problem, /^“x{59}…” cannot be used: /);
  });

  it('with a session that cannot be put right is damaged, and names it', () => {
    const text = JSON.stringify({ version: '1.0', sessions: [other, { name: 'lost' }] });
    const { state, names, problems } = summary(text);
    assert.deepEqual(
      [state, names, problems.map((problem) => problem.split(':')[0])],
      ['damaged', ['other'], ['“lost” cannot be used']],
    );
  });
});

function summary(text: string) {
  const opened = openExport(text, context);
  const names = opened.sessions.map(({ record }) => record.name);
  const problem = 'problem' in opened ? opened.problem : undefined;
  return { state: opened.state, problem, names, problems: opened.problems };
}
