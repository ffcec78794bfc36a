import assert from 'node:assert/strict';
import { describeEnd, meaningOf, type SessionEnd, signalName } from '../../../src/core/sessionEnd.ts';

describe('the end of a session’s process', () => {
  const exited = (code: number | null, signal: number | null = null): SessionEnd => ({ kind: 'exited', code, signal });
  const what = 'it ran for its 5 minutes';

  const ends: [end: SessionEnd, meaning: string, words: string][] = [
    [exited(0), 'success', 'ended with code 0'],
    [exited(1), 'failure', 'ended with code 1'],
    [exited(null), 'failure', 'ended with code unknown'],
    [exited(null, 1), 'failure', 'was ended by SIGHUP'],
    [exited(null, 2), 'failure', 'was ended by SIGINT'],
    [exited(null, 15), 'failure', 'was ended by SIGTERM'],
    [exited(null, 9), 'crash', 'was ended by SIGKILL'],
    [exited(null, 11), 'crash', 'was ended by SIGSEGV'],
    [exited(null, 42), 'crash', 'was ended by signal 42'],
    [{ kind: 'hostLost' }, 'crash', 'its session host was killed'],
    [{ kind: 'startFailed', what }, 'crash', what],
    [{ kind: 'stopped' }, 'asked', 'you stopped it'],
    [{ kind: 'timeout', what }, 'asked', what],
    [{ kind: 'limit', what }, 'asked', what],
    [{ kind: 'dismissed' }, 'gone', 'the system ended its session host, as at a logout'],
    [{ kind: 'rebooted' }, 'gone', 'the machine was started anew'],
    [{ kind: 'unwatched' }, 'gone', 'its process was gone when Holdfast came back'],
  ];
  for (const [end, meaning, words] of ends) {
    it(`is told as “${words}” and means ${meaning}${end.kind === 'exited' ? '' : ` (${end.kind})`}`, () => {
      assert.deepEqual([meaningOf(end), describeEnd(end)], [meaning, words]);
    });
  }

  it('is a crash for the codes with which a shell reports one, and for those alone', () => {
    const codes = Array.from({ length: 255 }, (_, index) => index + 1);
    const crashes = codes.filter((code) => meaningOf(exited(code)) === 'crash');
    assert.deepEqual(
      crashes.map((code) => `${code} ${signalName(code - 128)}`),
      ['132 SIGILL', '133 SIGTRAP', '134 SIGABRT', '136 SIGFPE', '137 SIGKILL', '139 SIGSEGV'],
    );
  });

  const windows: [what: string, code: number, meaning: string][] = [
    ['an access violation', 0xc0000005, 'crash'],
    ['an access violation, told with a sign', 0xc0000005 | 0, 'crash'],
    ['a stack overflow', 0xc00000fd, 'crash'],
    ['Ctrl+C', 0xc000013a, 'failure'],
    ['Ctrl+C, told with a sign', 0xc000013a | 0, 'failure'],
  ];
  for (const [cause, code, meaning] of windows) {
    it(`means ${meaning} on Windows after ${cause}`, () => assert.equal(meaningOf(exited(code)), meaning));
  }
});
