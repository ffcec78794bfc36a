import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as v from 'valibot';
import { mergeRecords } from '../../../src/core/mergeRecords.ts';
import type { RebuildEvidence, RecordSource, SeenWorktree } from '../../../src/core/rebuildEvidence.ts';
import { planRebuild } from '../../../src/core/rebuildPlan.ts';
import { tagOf } from '../../../src/core/worktreeTag.ts';
import { type SessionRecord, sessionRecordSchema } from '../../../src/protocol/sessionRecord.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const otherKey = 'fedcba9876543210';
const ids = ['1', '2', '3', '4'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const [firstId = '', secondId = ''] = ids;
const deletedAt = '2026-01-02T00:00:00.000Z';

const login = aRecord({ id: firstId, metadata: { ownsBranch: true }, revision: 5 });
const other = { id: secondId, name: 'other', branch: 'other', worktreePath: '/repo/.worktrees/other' };
const rival = aRecord({ ...login, id: secondId, name: 'rival' });

function evidence(fields: Partial<RebuildEvidence>): RebuildEvidence {
  return { key, mainBranch: 'main', known: [], sources: [], worktrees: [], now: new Date('2026-02-01'), ...fields };
}

function replica(...records: SessionRecord[]): RecordSource {
  return { kind: 'replica', path: '/storage/sessions.json', records };
}

function sessionFolder(record: SessionRecord, hostLives: boolean): RecordSource {
  return { kind: 'sessionFolder', path: `/state/${record.id}/record.json`, records: [record], hostLives };
}

/** The worktree of a session as it was left, with its tag. */
function worktreeOf(record: SessionRecord, fields: Partial<SeenWorktree> = {}): SeenWorktree {
  const { worktreePath: path, branch } = record;
  return { path, branch, isThere: true, isInFolder: true, tagFile: `${path}#tag`, tag: tagOf(record, key), ...fields };
}

function untagged(path: string, fields: Partial<SeenWorktree> = {}): SeenWorktree {
  return { path, branch: 'topic', isThere: true, isInFolder: true, ...fields };
}

/** As a person would be told. */
function told(fields: Partial<RebuildEvidence>): { back: string[]; doubtful: string[] } {
  const { sessions, proposals } = planRebuild(evidence(fields));
  return {
    back: sessions.map(({ record, from }) => `${record.name} ${record.revision} from ${from.kind}`),
    doubtful: proposals.map(({ kind, path, record }) => `${kind}: ${path} as ${record.name}`),
  };
}

describe('rebuilding the registry', () => {
  const at = login.worktreePath;

  it('brings back what a replica holds, in its newest form', () => {
    const sources = [replica({ ...login, revision: 2 }), sessionFolder(login, false)];
    assert.deepEqual(told({ sources }), { back: ['login 5 from sessionFolder'], doubtful: [] });
  });

  it('brings a session back from the tag of its worktree alone', () => {
    const { sessions } = planRebuild(evidence({ worktrees: [worktreeOf(login)] }));
    assert.deepEqual(sessions, [
      { record: { ...login, revision: 0 }, from: { kind: 'tag', path: `${login.worktreePath}#tag` } },
    ]);
  });

  it('gives a session from a tag another name where its own is taken', () => {
    const known = [aRecord({ id: secondId, name: 'Login', branch: '', worktreePath: '/repo' })];
    assert.deepEqual(told({ known, worktrees: [worktreeOf(login)] }).back, ['login-2 0 from tag']);
  });

  it('gives two sessions of one name different ones, the same whichever is found first', () => {
    const second = worktreeOf({ ...rival, name: 'login', branch: 'other', worktreePath: '/repo/.worktrees/z' });
    const both = [worktreeOf(login), second];
    const named = (worktrees: SeenWorktree[]) =>
      planRebuild(evidence({ worktrees })).sessions.map(({ record }) => [record.id, record.name]);
    const expected = [
      [firstId, 'login'],
      [secondId, 'login-2'],
    ];
    assert.deepEqual([named(both), named(both.toReversed())], [expected, expected]);
  });

  it('gives sessions of a replica other names where theirs are taken, and none that another one brings', () => {
    const plain = { branch: '', worktreePath: '/repo' };
    const known = [aRecord({ id: ids[3] ?? '', name: 'API', ...plain })];
    const lost = ['api', 'api-2', 'shop'].map((name, number) => aRecord({ id: ids[number] ?? '', name, ...plain }));
    const { sessions } = planRebuild(evidence({ known, sources: [replica(...lost)] }));
    assert.deepEqual(
      sessions.map(({ record }) => record.name),
      ['api-3', 'api-2', 'shop'],
    );
  });

  it('offers a session on whose branch a known one works, and says which', () => {
    const known = [aRecord({ id: ids[3] ?? '', name: 'api', worktreePath: '/repo/.worktrees/api' })];
    const { sessions, proposals } = planRebuild(evidence({ known, sources: [replica(login, aRecord(other))] }));
    const [proposal] = proposals;
    assert.deepEqual(
      [sessions.map(({ record }) => record.name), proposal?.kind, proposal?.record.name],
      [['other'], 'branchTaken', 'login'],
    );
    assert.match(proposal?.evidence.join(' ') ?? '', /“api” \(44444444\) works on its branch feature\/login\./);
  });

  it('says what hinders a session whose branch one that lives has, unless its worktree is on another by now', () => {
    const known = [aRecord({ ...other, name: 'api', branch: login.branch })];
    const proposed = (fields: Partial<SeenWorktree>) => {
      const worktrees = [{ ...worktreeOf(login), ...fields }];
      const [one] = planRebuild(evidence({ known, sources: [replica(login)], worktrees })).proposals;
      return [one?.kind, one?.record.branch, one?.hindrance];
    };
    const hindrance = 'It cannot be taken in while “api” is there. Destroy that one first if this is what you need.';
    assert.deepEqual(
      [proposed({}), proposed({ branch: 'topic' })],
      [
        ['branchTaken', login.branch, hindrance],
        ['branchTaken', 'topic', undefined],
      ],
    );
  });

  it('says what hinders a session in whose worktree one that lives works', () => {
    const { proposals } = planRebuild(evidence({ known: [rival], sources: [replica(login)] }));
    assert.match(proposals[0]?.hindrance ?? '', /while “rival” is there/);
  });

  it('gives the branch of two lost sessions to the one that has it checked out, and offers the other', () => {
    const twin = aRecord({ ...other, branch: login.branch });
    const sources = [replica(login, twin)];
    const offers = [`branchTaken: ${at} as login`, `branchTaken: ${twin.worktreePath} as other`];
    const none = { back: [], doubtful: offers };
    assert.deepEqual(told({ sources }), none);
    assert.deepEqual(told({ sources, worktrees: [login, twin].map((record) => worktreeOf(record)) }), none);
    assert.deepEqual(told({ sources, worktrees: [worktreeOf(twin)] }), {
      back: ['other 1 from replica'],
      doubtful: offers.slice(0, 1),
    });
  });

  const forgotten = new Map([[firstId, { revision: 5, deletedAt }]]);
  it('brings a session that was destroyed and forgotten back from no list and no tag', () => {
    const worktrees = [worktreeOf(login)];
    const nothing = { back: [], doubtful: [] };
    assert.deepEqual(told({ forgotten, sources: [replica(login)] }), nothing);
    assert.deepEqual(told({ forgotten, sources: [replica(login)], worktrees }), nothing);
    assert.deepEqual(told({ forgotten, worktrees, withKept: true }).doubtful, [`kept: ${at} as login`]);
  });

  it('brings back what was forgotten, and brought back since', () => {
    const sources = [replica({ ...login, revision: 6 })];
    assert.deepEqual(told({ forgotten, sources, worktrees: [worktreeOf(login)] }).back, ['login 6 from replica']);
  });

  it('only offers a worktree whose tag says that its session was destroyed', () => {
    const worktrees = [worktreeOf({ ...login, deletedAt })];
    const expected = { back: [], doubtful: [`kept: ${at} as login`] };
    assert.deepEqual(told({ worktrees }), expected);
    assert.deepEqual(told({ worktrees, sources: [replica(login)] }), expected);
    const [proposal] = planRebuild(evidence({ worktrees })).proposals;
    assert.match(proposal?.evidence.join(' ') ?? '', /“login” .* was destroyed at 2026-01-02/);
  });

  it('brings a session back that has been at work since its tag says that it was destroyed', () => {
    const worktrees = [worktreeOf({ ...login, deletedAt })];
    const later = { ...login, lastActivity: '2026-01-03T00:00:00.000Z' };
    assert.deepEqual(told({ worktrees, sources: [replica(later)] }).back, ['login 5 from replica']);
    assert.deepEqual(told({ worktrees, sources: [sessionFolder(login, true)] }).back, ['login 5 from sessionFolder']);
  });

  it('names a kept worktree after the first session that was destroyed in it, whichever is found first', () => {
    const known = [login, rival].map((record) => ({ ...record, deletedAt }));
    const ask = (dead: SessionRecord[]) => told({ known: dead, worktrees: [untagged(at)], withKept: true }).doubtful;
    assert.deepEqual([ask(known), ask(known.toReversed())], [[`kept: ${at} as login`], [`kept: ${at} as login`]]);
  });

  it('brings back neither what is known nor what was destroyed', () => {
    const other = { ...rival, worktreePath: '/repo/.worktrees/rival' };
    const sources = [replica(login, { ...other, revision: 6, deletedAt }), sessionFolder(other, true)];
    const worktrees = [worktreeOf(login), worktreeOf(other)];
    assert.deepEqual(told({ known: [login], sources, worktrees }), { back: [], doubtful: [] });
  });

  it('brings back what was destroyed, and brought back since', () => {
    const sources = [replica({ ...login, revision: 4, deletedAt }), sessionFolder(login, false)];
    assert.deepEqual(told({ sources, worktrees: [worktreeOf(login)] }).back, ['login 5 from sessionFolder']);
  });

  it('offers no worktree that was kept of a destroyed session, unless it is asked to', () => {
    const known = [{ ...login, deletedAt }];
    for (const worktree of [worktreeOf(login), untagged(at)]) {
      assert.deepEqual(told({ known, worktrees: [worktree] }), { back: [], doubtful: [] });
      assert.deepEqual(told({ known, worktrees: [worktree], withKept: true }).doubtful, [`kept: ${at} as login`]);
    }
  });

  it('brings back sessions without a worktree, however many share a folder', () => {
    const plain = [login, rival].map((record) => ({ ...record, branch: '', worktreePath: '/repo' }));
    assert.equal(told({ sources: [replica(...plain)] }).back.length, 2);
  });

  it('offers both of two sessions that claim one worktree', () => {
    assert.deepEqual(told({ sources: [replica(login, rival)], worktrees: [worktreeOf(login)] }), {
      back: [],
      doubtful: [`twoClaims: ${at} as login`, `twoClaims: ${at} as rival`],
    });
  });

  it('offers a session whose worktree has the tag of another one, and that one', () => {
    assert.deepEqual(told({ sources: [replica(rival)], worktrees: [worktreeOf(login)] }), {
      back: [],
      doubtful: [`twoClaims: ${at} as login`, `twoClaims: ${at} as rival`],
    });
  });

  it('gives a worktree to the only one of its claimants whose process runs', () => {
    const sources = [replica(rival), sessionFolder(login, true)];
    assert.deepEqual(told({ sources }), {
      back: ['login 5 from sessionFolder'],
      doubtful: [`twoClaims: ${at} as rival`],
    });
  });

  it('never takes a worktree from a session that is known', () => {
    const sources = [sessionFolder(rival, true)];
    const expected = { back: [], doubtful: [`twoClaims: ${at} as rival`] };
    assert.deepEqual(told({ known: [login], sources }), expected);
    assert.deepEqual(told({ known: [login], worktrees: [worktreeOf(rival)] }), expected);
  });

  it('offers both of two worktrees with one tag', () => {
    const copy = worktreeOf(login, { path: '/repo/.worktrees/copy' });
    assert.deepEqual(told({ worktrees: [worktreeOf(login), copy] }).doubtful, [
      'twoClaims: /repo/.worktrees/copy as login',
      `twoClaims: ${at} as login`,
    ]);
  });

  it('offers a session’s moved worktree, whether its record is left or not', () => {
    const expected = { back: [], doubtful: ['moved: /elsewhere as login'] };
    const worktrees = [worktreeOf(login, { path: '/elsewhere', isInFolder: false })];
    assert.deepEqual(told({ worktrees }), expected);
    assert.deepEqual(told({ worktrees, sources: [replica(login)] }), expected);
    assert.deepEqual(told({ worktrees, known: [login] }), expected);
  });

  it('knows the place of a tag that does not name it by the session’s id', () => {
    const { worktreePath: _, ...tag } = tagOf(login, key);
    const inPlace = { tag, path: `/anywhere/login-${firstId.slice(0, 8)}` };
    assert.deepEqual(told({ worktrees: [worktreeOf(login, inPlace)] }).back, ['login 0 from tag']);
    assert.deepEqual(told({ worktrees: [worktreeOf(login, { tag, path: '/other' })] }).doubtful, [
      'moved: /other as login',
    ]);
  });

  const doubts: [why: string, worktree: SeenWorktree, kind: string, seen: RegExp][] = [
    ['locked', worktreeOf(login, { lockReason: 'on a stick' }), 'locked', /It is locked: on a stick\./],
    ['half made', worktreeOf(login, { lockReason: 'initializing' }), 'locked', /Git is still making it/],
    ['to be forgotten', worktreeOf(login, { prunableReason: 'no folder', isThere: false }), 'prunable', /no folder\./],
    ['without its folder', worktreeOf(login, { isThere: false }), 'prunable', /Its folder is gone\./],
    [
      'on another branch',
      worktreeOf(login, { branch: 'topic' }),
      'otherBranch',
      /branch topic .* branch feature.login/,
    ],
    ['on no branch', worktreeOf(login, { branch: undefined }), 'otherBranch', /no branch .* branch feature.login/],
    ['of another repository', worktreeOf(login, { tag: tagOf(login, otherKey) }), 'foreignTag', /fedcba9876543210/],
    ['of the repository that was copied', worktreeOf(login, { linksBack: false }), 'foreignTag', /belongs to another/],
    [
      'with a damaged tag',
      untagged(at, { tagFile: '/t', problem: 'it is empty' }),
      'unreadableTag',
      /\/t .*it is empty/,
    ],
    ['without a tag', untagged(at), 'untagged', /has no tag/],
    [
      'without a tag and half made',
      untagged(at, { lockReason: 'initializing' }),
      'locked',
      /has no tag .*still making/,
    ],
  ];
  for (const [why, worktree, kind, seen] of doubts) {
    it(`offers a worktree ${why}, and says what was seen`, () => {
      const { sessions, proposals } = planRebuild(evidence({ worktrees: [worktree] }));
      assert.deepEqual([sessions, proposals.map((proposal) => proposal.kind)], [[], [kind]]);
      assert.match(proposals[0]?.evidence.join(' ') ?? '', seen);
    });
  }

  it('leaves the user’s own worktrees alone', () => {
    assert.deepEqual(told({ worktrees: [untagged('/home/topic', { isInFolder: false })] }), { back: [], doubtful: [] });
  });

  it('never lets a session own a branch that may be the user’s', () => {
    const worktrees = [untagged('/repo/.worktrees/x'), worktreeOf(login, { branch: 'topic' })];
    const owned = planRebuild(evidence({ worktrees })).proposals.map(({ record }) => record.metadata?.ownsBranch);
    assert.deepEqual(owned, [false, false]);
  });

  it('makes of one worktree the same session whoever asks', () => {
    const ask = () => planRebuild(evidence({ worktrees: [untagged(at)] })).proposals[0]?.record.id;
    assert.equal(ask(), ask());
  });
});

const paths = ['/w/a', '/w/b', '/w/c', '/w/d'];
const records = fc
  .record({
    id: fc.constantFrom(...ids),
    name: fc.constantFrom('one', 'two'),
    revision: fc.integer({ min: 0, max: 3 }),
    worktreePath: fc.constantFrom(...paths),
    branch: fc.constantFrom('feature/x', 'feature/x', ''),
    isDead: fc.nat(4),
  })
  .map(({ isDead, ...fields }) => aRecord(isDead === 0 ? { ...fields, deletedAt } : fields));
const lists = fc.array(records, { maxLength: 3 });
const sources = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom('replica' as const, 'sessionFolder' as const),
    path: fc.constantFrom('/1', '/2', '/3'),
    records: lists,
    hostLives: fc.boolean(),
  }),
  { maxLength: 3, selector: ({ kind, path }) => kind + path },
);
const tags = fc.tuple(records, fc.constantFrom(key, key, otherKey)).map(([record, of]) => tagOf(record, of));
const leftAsTheyWere = records.filter(({ branch }) => branch !== '').map((record) => worktreeOf(record));
const changed = fc
  .record(
    {
      path: fc.constantFrom(...paths),
      branch: fc.constantFrom('feature/x', 'feature/x', 'topic'),
      lockReason: fc.constant(''),
      isThere: fc.nat(4).map((number) => number > 0),
      isInFolder: fc.boolean(),
      tag: tags,
      problem: fc.constant('it is empty'),
      linksBack: fc.nat(4).map((number) => number > 0),
    },
    { requiredKeys: ['path', 'isThere', 'isInFolder'] },
  )
  .map(({ problem, ...seen }) => (problem && !seen.tag ? { ...seen, problem } : seen));
const kept = records.filter(({ branch }) => branch !== '').map((record) => worktreeOf({ ...record, deletedAt }));
const worktrees = fc.uniqueArray(fc.oneof(leftAsTheyWere, changed, kept), {
  maxLength: 4,
  selector: ({ path }) => path,
});
const forgets = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...ids), fc.record({ revision: fc.nat(3), deletedAt: fc.constant(deletedAt) })),
  { selector: ([id]) => id, maxLength: 2 },
);
const anyEvidence = fc
  .record({ known: lists, sources, worktrees, forgotten: forgets.map((all) => new Map(all)), withKept: fc.boolean() })
  .map(evidence);

describe('a rebuilt registry, whatever is left', () => {
  it('has no name and no branch that another session has', () => {
    fc.assert(
      fc.property(anyEvidence, (left) => {
        const live = [...mergeRecords(left.known).values()].filter((record) => record.deletedAt === undefined);
        const back = planRebuild(left).sessions.map(({ record }) => record);
        const clashes = back.filter(({ id, name, branch }) =>
          [...live, ...back].some((one) => one.id !== id && (one.name === name || (branch && one.branch === branch))),
        );
        assert.deepEqual(clashes, []);
      }),
      { numRuns: 500 },
    );
  });

  it('never has two sessions in one worktree', () => {
    fc.assert(
      fc.property(anyEvidence, (left) => {
        const { sessions } = planRebuild(left);
        const back = sessions.map(({ record }) => record).filter(({ branch }) => branch);
        const known = mergeRecords(left.known);
        const isNew = back.every(({ id }) => !known.has(id) || known.get(id)?.deletedAt);
        assert.ok(isNew && new Set(back.map(({ worktreePath }) => worktreePath)).size === back.length);
      }),
      { numRuns: 500 },
    );
  });

  it('never gives away the worktree of a session that is known', () => {
    fc.assert(
      fc.property(anyEvidence, records, (left, record) => {
        const mine = { ...record, id: '99999999-0000-4000-8000-000000000000', branch: 'mine', revision: 9 };
        const { deletedAt: _, ...known } = mine;
        const { sessions } = planRebuild({ ...left, known: [...left.known, known] });
        assert.ok(sessions.every(({ record }) => !record.branch || record.worktreePath !== known.worktreePath));
      }),
      { numRuns: 500 },
    );
  });

  it('has each session once, and none that was destroyed', () => {
    fc.assert(
      fc.property(anyEvidence, (left) => {
        const back = planRebuild(left).sessions.map(({ record }) => record.id);
        const newest = mergeRecords(left.known, ...left.sources.map((source) => source.records));
        const dead = back.filter((id) => newest.get(id)?.deletedAt !== undefined);
        assert.deepEqual([dead, new Set(back).size], [[], back.length]);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same in whatever order it was found', () => {
    const shuffled = anyEvidence.chain((left) =>
      fc.tuple(fc.constant(left), shuffle(left.known), shuffle(left.sources), shuffle(left.worktrees)),
    );
    fc.assert(
      fc.property(shuffled, ([left, known, found, seen]) => {
        const others = found.map((source) => ({ ...source, records: source.records.toReversed() }));
        assert.deepEqual(planRebuild({ ...left, known, sources: others, worktrees: seen }), planRebuild(left));
      }),
      { numRuns: 500 },
    );
  });

  it('knows, restores or offers every worktree with a tag', () => {
    fc.assert(
      fc.property(anyEvidence, (left) => {
        const { sessions, proposals } = planRebuild({ ...left, withKept: true });
        const held = [...left.known, ...sessions.map(({ record }) => record)].map((record) => record.worktreePath);
        const accounted = new Set([...held, ...proposals.map(({ path }) => path)]);
        const marked = left.worktrees.filter(({ tag, problem }) => tag || problem);
        assert.deepEqual(
          marked.map(({ path }) => path).filter((path) => !accounted.has(path)),
          [],
        );
      }),
      { numRuns: 500 },
    );
  });

  it('has only records that can be saved and read again', () => {
    fc.assert(
      fc.property(anyEvidence, (left) => {
        const { sessions, proposals } = planRebuild(left);
        for (const { record } of [...sessions, ...proposals]) v.parse(sessionRecordSchema, record);
      }),
    );
  });
});

function shuffle<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}
