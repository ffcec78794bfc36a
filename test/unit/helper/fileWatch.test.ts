import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Deferred } from '../../../src/base/async.ts';
import { runCascade } from '../../../src/core/cascade.ts';
import { DiskQuestions } from '../../../src/helper/diskQuestions.ts';
import { type FileLooks, fileLooks } from '../../../src/helper/fileLooks.ts';
import { FileWatch } from '../../../src/helper/fileWatch.ts';
import { Registry } from '../../../src/helper/registry.ts';
import { silentLog } from '../../../src/node/log.ts';
import { sessionPlaces, thisMachine } from '../../../src/node/places.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';
import { oddFiles } from '../../support/oddFiles.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { aRecord } from '../records.ts';

const minute = 60_000;

/** A question that hangs for as long as it is not resolved; a disk that does so cannot be had here. */
const hanging = new Deferred<never>();

describe('the watch over the sessions’ files', () => {
  const dirs = useTempDirs();
  let folder: string;
  let monotonic: number;
  /** Sessions whose worktree was asked for. */
  let asked: string[];
  let answerOf: (name: string) => Promise<unknown>;

  beforeEach(async () => {
    folder = await dirs.make();
    monotonic = 0;
    asked = [];
    answerOf = async () => undefined;
  });

  const session = (name: string, number = 1): SessionRecord =>
    aRecord({
      id: `${number}f1c9d2e-8a4b-4c6d-9e0f-1a2b3c4d5e6f`,
      name,
      status: 'cancelled',
      worktreePath: path.join(folder, name),
    });

  const watchOver = (records: SessionRecord[], looks: Partial<FileLooks> = {}) =>
    new FileWatch({
      registry: new Registry({ records, save: async () => undefined }),
      files: { places: (id) => sessionPlaces(thisMachine({ HOLDFAST_STATE_DIR: folder }), '0123456789abcdef', id) },
      key: '0123456789abcdef',
      folder,
      questions: new DiskQuestions(silentLog, 20),
      monotonic: () => monotonic,
      looks: {
        disk: async (holds) => ({ holds }),
        files: async () => ({ record: 'sound', checkpoint: 'sound' }),
        worktree: async ({ name }) => {
          asked.push(name);
          await answerOf(name);
          return { link: { state: 'gone' } };
        },
        ...looks,
      },
    });

  const findings = (watch: FileWatch, record: SessionRecord) =>
    runCascade(record, { now: new Date(), ...watch.of(record.id) }).map(({ evidence }) =>
      evidence.what.replace(folder, ''),
    );

  it('tells of a disk that hangs for the session that is on it, and goes on with the others', async () => {
    const [login, search] = [session('login', 1), session('search', 2)];
    const watch = watchOver([login, search]);
    answerOf = (name) => (name === 'login' ? hanging.promise : Promise.resolve());
    await watch.look();
    assert.deepEqual(
      [findings(watch, login), findings(watch, search)],
      [['the disk of its worktree does not answer'], ['its worktree /search is gone']],
    );
  });

  it('tells of a worktree that was there and is gone also before the session was started', async () => {
    const [made, unmade] = [session('login', 1), session('search', 2)].map((one) => ({
      ...one,
      status: 'idle' as const,
    }));
    let isThere = true;
    const worktree: FileLooks['worktree'] = async ({ name }) => ({
      link: { state: isThere && name === 'login' ? 'own' : 'gone' },
    });
    const watch = watchOver([made, unmade] as SessionRecord[], { worktree });
    await watch.look();
    isThere = false;
    monotonic += minute;
    await watch.look();
    assert.deepEqual(
      [made, unmade].map((one) => findings(watch, one as SessionRecord)),
      [['its worktree /login is gone'], []],
    );
  });

  it('asks a disk that hangs no second question, and hears it once it answers', async () => {
    const login = session('login');
    const watch = watchOver([login]);
    const disk = new Deferred<void>();
    answerOf = () => disk.promise;
    const found: string[][] = [];
    for (let look = 0; look < 2; look++) {
      await watch.look();
      monotonic += minute;
      found.push(findings(watch, login));
    }
    const askedMeanwhile = asked.length;
    disk.resolve();
    await new Promise(setImmediate);
    await watch.look();
    const silent = ['the disk of its worktree does not answer'];
    assert.deepEqual(
      [found, askedMeanwhile, findings(watch, login)],
      [[silent, silent], 1, ['its worktree /login is gone']],
    );
  });

  it('leaves the helper threads to write with however many disks hang', async () => {
    const records = ['login', 'search', 'checkout'].map(session);
    const watch = watchOver(records);
    answerOf = () => hanging.promise;
    await watch.look();
    assert.deepEqual([asked, findings(watch, records[2] as SessionRecord)], [['login', 'search'], []]);
  });

  it('asks for no session’s files on a disk that has just not answered', async () => {
    const login = session('login');
    let reads = 0;
    const files = async () => {
      reads++;
      return hanging.promise;
    };
    const watch = watchOver([login], { disk: () => hanging.promise, files });
    await watch.look();
    assert.deepEqual([findings(watch, login), reads], [['the disk of its files does not answer'], 0]);
  });

  it('forgets what it saw long ago', async () => {
    const login = session('login');
    const watch = watchOver([login]);
    await watch.look();
    const seen = [2 * minute, minute].map((passed) => {
      monotonic += passed;
      return findings(watch, login).length;
    });
    assert.deepEqual(seen, [1, 0]);
  });

  it('looks once a minute, however often it is asked to', async () => {
    const watch = watchOver([session('login')]);
    await Promise.all([watch.look(), watch.look(), watch.look()]);
    monotonic += minute - 1;
    await watch.look();
    const early = asked.length;
    monotonic += 1;
    await watch.look();
    assert.deepEqual([early, asked.length], [1, 2]);
  });

  describeOnUnix('at a worktree', () => {
    for (const [what, plant] of oddFiles) {
      it(`takes ${what} in the place of its link for foreign, and does not wait for it`, async () => {
        const login = session('login');
        const link = path.join(login.worktreePath, '.git');
        await mkdir(login.worktreePath);
        await plant(link);
        const seen = await fileLooks.worktree(login, '0123456789abcdef');
        assert.deepEqual(seen.link, { state: 'foreign', why: 'no worktree of git' });
      });
    }
  });
});
