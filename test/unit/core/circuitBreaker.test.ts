import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { HoldfastError } from '../../../src/base/errors.ts';
import { CircuitBreaker, systemFailure } from '../../../src/core/circuitBreaker.ts';
import { writeJson } from '../../../src/node/durableFile.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const second = 1_000;
const minute = 60 * second;

describe('a start that has failed', () => {
  const dirs = useTempDirs();
  const system = (code: string, message: string) => Object.assign(new Error(message), { code });
  const hostOf = (cause: unknown) => new HoldfastError('HOST_START_FAILED', 'host could not be started.', { cause });
  const unknown = (message: string) => new HoldfastError('UNKNOWN', message);

  const machines: [what: string, error: unknown, why: string][] = [
    [
      'no process (EAGAIN)',
      hostOf(system('EAGAIN', 'spawn /usr/bin/node EAGAIN')),
      'no further process can be started',
    ],
    ['no descriptors (EMFILE)', hostOf(system('EMFILE', 'spawn /usr/bin/node EMFILE')), 'too many files are open'],
    ['no descriptors in the system (ENFILE)', hostOf(system('ENFILE', 'pipe ENFILE')), 'too many files are open'],
    ['no memory (ENOMEM)', hostOf(system('ENOMEM', 'spawn /usr/bin/node ENOMEM')), 'memory is used up'],
    ['no terminal on Linux', unknown('forkpty(3) failed.'), 'no further terminal can be opened'],
    [
      'no terminal on macOS',
      unknown('posix_openpt failed: Device not configured'),
      'no further terminal can be opened',
    ],
    [
      'no process on macOS',
      unknown('posix_spawn failed: Resource temporarily unavailable'),
      'no further process can be started',
    ],
    ['no memory on macOS', unknown('posix_spawn failed: Cannot allocate memory'), 'memory is used up'],
    [
      'no room for its files',
      new HoldfastError('DISK_FULL', 'The disk is full: /state/launch.json.'),
      'the disk is full',
    ],
    ['no room (ENOSPC)', system('ENOSPC', 'ENOSPC: no space left on device, write'), 'the disk is full'],
    [
      'a folder that cannot be written',
      new HoldfastError('STORAGE_NOT_WRITABLE', 'The folder is on a read-only disk: /state.'),
      'the folder of the sessions cannot be written',
    ],
    [
      'no descriptors to write with',
      new HoldfastError('STORAGE_NOT_WRITABLE', 'Too many files are open to write to the folder: /state.'),
      'too many files are open',
    ],
  ];
  for (const [what, error, why] of machines) {
    it(`is the machine’s for ${what}`, () => assert.equal(systemFailure(error), why));
  }

  const own: [what: string, error: unknown][] = [
    ['a program that is not there (ENOENT)', system('ENOENT', 'spawn /no/such/program ENOENT')],
    ['a program that may not be run (EACCES)', system('EACCES', 'spawn ./notes.txt EACCES')],
    ['a helper of the terminal that is not there', unknown('posix_spawn failed: No such file or directory')],
    ['a folder that is gone', new Error('its folder /home/me/forkpty-demo/out of memory is gone')],
    ['a host that ended', new HoldfastError('HOST_START_FAILED', 'The session host ended before its process ran.')],
    [
      'a process that does not end',
      new HoldfastError('SESSION_RUNNING', 'Process 7 of its earlier life does not end.'),
    ],
    ['nothing that can be read', undefined],
  ];
  for (const [what, error] of own) {
    it(`is the session’s own for ${what}`, () => assert.equal(systemFailure(error), undefined));
  }

  it('is the session’s own where a real program is missing', async () => {
    const error = await new Promise((resolve) => spawn('/no/such/program').once('error', resolve));
    assert.equal(systemFailure(hostOf(error)), undefined);
  });

  it('is the session’s own where a file is in the place of its folder', async () => {
    const folder = path.join(await dirs.make(), 'session');
    await writeFile(folder, '');
    const error = await writeJson(path.join(folder, 'launch.json'), {}).catch((thrown) => thrown);
    assert.deepEqual([error.code, systemFailure(error)], ['STORAGE_NOT_WRITABLE', undefined]);
  });

  it('is looked into only so far where its causes go in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    assert.equal(systemFailure(error), undefined);
  });
});

describe('the breaker of automatic starts', () => {
  it('opens at the third failure in a row, and says so then alone', () => {
    const breaker = new CircuitBreaker();
    const told = [0, 1, 2, 3].map((now) => breaker.failed('the disk is full', now));
    assert.deepEqual([told, breaker.state.kind], [[false, false, true, false], 'open']);
  });

  it('does not open where a start in between succeeds', () => {
    const breaker = new CircuitBreaker();
    for (let round = 0; round < 10; round++) {
      breaker.failed('the disk is full', 0);
      breaker.failed('the disk is full', 0);
      breaker.succeeded();
    }
    assert.deepEqual([breaker.state, breaker.wait(0)], [{ kind: 'closed', failures: 0 }, 0]);
  });

  it('holds starts for half a minute, then twice as long after each probe that fails, up to five minutes', () => {
    const { breaker, openedAt } = opened();
    let now = openedAt;
    const pauses: number[] = [];
    for (let probe = 0; probe < 6; probe++) {
      pauses.push(breaker.wait(now) / second);
      now += breaker.wait(now);
      breaker.probing(now);
      breaker.failed('the disk is full', now);
    }
    assert.deepEqual(pauses, [30, 60, 120, 240, 300, 300]);
  });

  it('lets one start through to see, and the next only after as long again', () => {
    const { breaker, openedAt } = opened();
    const probeAt = openedAt + 30 * second;
    const before = breaker.wait(probeAt);
    breaker.probing(probeAt);
    assert.deepEqual([before, breaker.wait(probeAt), breaker.wait(probeAt + 30 * second)], [0, 30 * second, 0]);
  });

  it('is not held longer by starts that were under way when it opened', () => {
    const { breaker, openedAt } = opened();
    for (let late = 1; late < 10; late++) breaker.failed('the disk is full', openedAt + late);
    assert.equal(breaker.wait(openedAt), 30 * second);
  });

  it('closes with the first start that succeeds, and says so then alone', () => {
    const { breaker, openedAt } = opened();
    const told = [breaker.succeeded(), breaker.succeeded()];
    assert.deepEqual([told, breaker.wait(openedAt)], [[true, false], 0]);
  });

  it('never holds starts for more than five minutes, whatever happens to it', () => {
    const happening = fc.constantFrom('failed', 'succeeded', 'probing');
    const step = fc.record({ happening, passed: fc.integer({ min: 0, max: 10 * minute }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const breaker = new CircuitBreaker();
        let now = 0;
        return steps.every((one) => {
          now += one.passed;
          if (one.happening === 'failed') breaker.failed('the disk is full', now);
          else if (one.happening === 'succeeded') breaker.succeeded();
          else breaker.probing(now);
          return breaker.wait(now) >= 0 && breaker.wait(now) <= 5 * minute;
        });
      }),
    );
  });

  function opened(): { breaker: CircuitBreaker; openedAt: number } {
    const breaker = new CircuitBreaker();
    const openedAt = 7 * minute;
    for (let failure = 0; failure < 3; failure++) breaker.failed('the disk is full', openedAt);
    return { breaker, openedAt };
  }
});
