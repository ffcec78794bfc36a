import assert from 'node:assert/strict';
import { checksum } from '../../../src/core/checksum.ts';
import { migrate } from '../../../src/core/migrations.ts';
import { openRecord, serializeRecord } from '../../../src/core/recordDocument.ts';
import { openRegistry, serializeRegistry } from '../../../src/core/registryDocument.ts';
import { aRecord } from '../records.ts';

const key = '0123456789abcdef';
const savedAt = new Date('2026-01-02T03:04:05.678Z');
const login = aRecord();
const search = aRecord({ id: '10000000-0000-4000-8000-000000000002', name: 'search', branch: 'feature/search' });
const text = serializeRegistry({
  key,
  generation: 7,
  savedAt,
  records: [login, search],
  unknownFields: { layout: { columns: 2 } },
});

describe('a session list as a file', () => {
  it('comes back as it was written, with fields that nobody knows', () => {
    const document = {
      key,
      generation: 7,
      savedAt: savedAt.toISOString(),
      sessions: [login, search],
      unknownFields: { layout: { columns: 2 } },
    };
    assert.deepEqual(openRegistry(text), { state: 'sound', format: 2, document });
  });

  it('begins with what tells about it, and is pretty', () => {
    const names = [...text.matchAll(/^ {2}"(\w+)"/gm)].map(([, name]) => name);
    assert.deepEqual(names, [
      'format',
      'version',
      'key',
      'generation',
      'savedAt',
      'count',
      'sha256',
      'sums',
      'sessions',
      'layout',
    ]);
  });

  const readable: [what: string, content: unknown][] = [
    ['bare', { version: '1.0', sessions: [login] }],
    ['of a later minor version', { version: '1.9', sessions: [login] }],
    ['as the first builds wrote it', { version: '1.0', key, sha256: checksum([login]), count: 1, sessions: [login] }],
  ];
  for (const [what, content] of readable) {
    it(`is read ${what}`, () => {
      const opened = openRegistry(JSON.stringify(content));
      assert.deepEqual(opened.state === 'sound' && opened.document.sessions, [login]);
    });
  }

  const newer: [what: string, content: Record<string, unknown>][] = [
    ['version', { version: '2.0', sessions: [login] }],
    ['format', { format: 3, version: '1.0', sessions: [login] }],
  ];
  for (const [what, content] of newer) {
    it(`is told to be of a newer ${what}, with what can be understood`, () => {
      const sealed = { ...content, sha256: checksum(content) };
      const opened = openRegistry(JSON.stringify(sealed));
      assert.deepEqual([opened.state, opened.state === 'newer' && opened.document.sessions], ['newer', [login]]);
    });
  }

  it('is damaged, not newer, where a digit of its format has flipped', () => {
    const opened = openRegistry(text.replace('"format": 2', '"format": 3'));
    assert.deepEqual(opened.state === 'damaged' && opened.sound, [login, search]);
  });

  it('tells the sessions that are as they were from the one that is not', () => {
    assert.deepEqual(openRegistry(text.replace('"name": "search"', '"name": "seerch"')), {
      state: 'damaged',
      reason: 'its checksum is wrong',
      sound: [login],
      doubtful: [{ ...search, name: 'seerch' }],
      isSummed: true,
    });
  });

  it('is read with a byte order mark before it, as some editors leave it', () => {
    assert.deepEqual(openRegistry(`\uFEFF${text}`), openRegistry(text));
  });

  const reasons: [content: string, reason: string][] = [
    ['', 'it is empty'],
    [text.slice(0, 500), 'it is not whole JSON'],
    ['[]', 'its field “version” makes no sense'],
    ['{"version":"1.0","sessions":{}}', 'its field “sessions” makes no sense'],
  ];
  for (const [content, reason] of reasons) {
    it(`says of ${JSON.stringify(content.slice(0, 20))}… that ${reason}`, () => {
      const opened = openRegistry(content);
      assert.equal(opened.state === 'damaged' && opened.reason, reason);
    });
  }
});

describe('a migration of a session list', () => {
  const first = { version: '1.0', key, count: 1, sessions: [login], layout: 1 };

  it('leads up to the present format and back to what the first builds read', () => {
    const up = migrate({ ...first, sha256: checksum([login]) });
    assert.deepEqual([up, migrate(up, 1)], [{ ...first, format: 2, generation: 0 }, first]);
  });

  it('leaves the present format, and a newer one, as it is', () => {
    const documents = [JSON.parse(text), { format: 9, anything: true }];
    assert.deepEqual(
      documents.map((fields) => migrate(fields)),
      documents,
    );
  });
});

describe('a session’s record as a file', () => {
  const record = serializeRecord(login);

  it('comes back as it was written', () => {
    assert.deepEqual(openRecord(record), { state: 'sound', session: login, requests: [] });
  });

  it('is read bare, too', () => {
    assert.deepEqual(openRecord(JSON.stringify(login)), { state: 'sound', session: login, requests: [] });
  });

  it('is never taken for another one, whichever of its bytes is changed', () => {
    const bytes = Buffer.from(record);
    const taken = [...bytes.keys()].filter((at) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const opened = openRecord(changed.toString('utf8'));
      return opened.state !== 'damaged' && JSON.stringify(opened.session) !== JSON.stringify(login);
    });
    assert.deepEqual(taken, []);
  });
});
