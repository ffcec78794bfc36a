import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { sessionPlaces } from '../../src/node/places.ts';
import type { SessionRecord } from '../../src/protocol/sessionRecord.ts';
import { describeOnUnix } from '../support/unix.ts';
import { CliTerminal, type CliTerminalOptions, cliCommand, runCli } from './support/cli.ts';
import { helperPid, hostPids, useProject } from './support/project.ts';
import { isRunningProcess, machine, processEnd } from './support/scene.ts';

const detach = '\x1cd';

const hostLost =
  'The host of “one” cannot be reached. Its files and its transcript are kept. “holdfast status one” tells ' +
  'whether it runs, “holdfast logs one” what it has shown. (CONNECTION_LOST)';

describeOnUnix('holdfast attach', () => {
  const project = useProject();
  const terminals: CliTerminal[] = [];

  afterEach(async () => {
    for (const terminal of terminals.splice(0)) {
      terminal.kill();
      await terminal.exit();
    }
  });

  async function start(command?: string[]): Promise<[SessionManager, SessionRecord]> {
    const window = await project().open();
    const { record } = await window.create({ name: 'one', ...(command ? { command } : {}) });
    return [window, record];
  }

  function attach(options?: CliTerminalOptions): CliTerminal {
    const terminal = new CliTerminal(project().folder, ['attach', 'one'], options);
    terminals.push(terminal);
    return terminal;
  }

  it('shows what the session has shown, takes input and passes output on', async () => {
    await start(['/bin/sh', '-c', 'seq -f "line %g" 100; exec cat']);
    const terminal = attach();
    await terminal.waitForText(/line 1\n[\s\S]*line 100$/);
    terminal.type('typed here\r');
    const text = await terminal.waitForText(/typed here\ntyped here/);
    assert.match(text, /line 99\nline 100\ntyped here\ntyped here$/);
  });

  it('keeps what was on the terminal, and has each line of the session once', async () => {
    await start(['/bin/sh', '-c', 'seq -f "line %g" 100; exec cat']);
    const terminal = attach({ before: 'echo mine 1; echo mine 2' });
    await terminal.waitForText(/line 100$/);
    terminal.type('ready\r');
    const text = await terminal.waitForText(/ready\nready$/);
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`);
    assert.deepEqual(text.split('\n'), ['mine 1', 'mine 2', '', ...lines, 'ready', 'ready']);
  });

  it('leaves the terminal as it was before a full-screen program, with the scrollback above', async () => {
    await start(['/bin/sh', '-c', 'echo prompt; printf "\\033[?1049hfull screen"; exec cat']);
    const terminal = attach({ before: 'echo mine' });
    await terminal.waitForText(/full screen/);
    terminal.type(detach);
    await terminal.exit();
    assert.equal(await terminal.waitForText(/detached/), 'mine\n\nprompt\n\n[detached from one]');
  });

  it('changes the size of a session that another terminal shows once, to its own', async () => {
    const report = 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done';
    await start(['/bin/sh', '-c', report]);
    const first = attach({ cols: 90, rows: 20 });
    await first.waitForText(/20 90$/);
    const second = attach({ cols: 70, rows: 18 });
    assert.match(await second.waitForText(/18 70$/), /20 90\n18 70$/);
  });

  it('refuses to show a session on its own terminal', async () => {
    await start();
    const terminal = attach();
    await terminal.waitForText(/[$#] ?$/);
    terminal.type(`clear; ${cliCommand} attach one; echo code $?\r`);
    assert.match(await terminal.waitForText(/code \d/), /“one” cannot be shown on its own\s+terminal.*\ncode 1/s);
  });

  it('detaches when it is told to go, as by a terminal that is closed', async () => {
    const [, record] = await start(['/bin/cat']);
    const codes: number[] = [];
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) {
      const terminal = attach();
      terminal.type('ready\r');
      await terminal.waitForText(/ready\nready/);
      process.kill(terminal.pid, signal);
      codes.push(await terminal.exit());
    }
    const runs = await isRunningProcess(record.ptyPid as number);
    assert.deepEqual({ codes, runs }, { codes: [0, 0, 0], runs: true });
  });

  it('restores the terminal when it is told to go', async () => {
    await start(['/bin/sh', '-c', 'printf "\\033[?1049h\\033[?1000h\\033[?2004hready"; exec cat']);
    const settings = 'echo "<$(stty -g)>"';
    const restored: unknown[] = [];
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) {
      // The shell is in the same process group and must be there afterwards.
      const terminal = attach({ before: `trap : HUP TERM INT; ${settings}`, after: settings });
      await terminal.waitForText(/ready/);
      process.kill(-terminal.pid, signal);
      await terminal.exit();
      const text = await terminal.waitForText(/>$/);
      const [before, after] = terminal.output.match(/<[\w:=]+>/g) ?? [];
      const { mouseTrackingMode, bracketedPasteMode } = terminal.modes;
      const isMainScreen = !text.includes('ready');
      restored.push({ isSame: before === after, isMainScreen, mouseTrackingMode, bracketedPasteMode });
    }
    const right = { isSame: true, isMainScreen: true, mouseTrackingMode: 'none', bracketedPasteMode: false };
    assert.deepEqual(restored, [right, right, right]);
  });

  it('lets go when it is told to while the session’s host does not answer', async () => {
    const [window, record] = await start(['/bin/cat']);
    const silent = await listenInPlaceOf(socketOf(window, record));
    try {
      const terminal = attach();
      await once(silent, 'connection');
      process.kill(terminal.pid, 'SIGTERM');
      const code = await terminal.exit();
      assert.deepEqual({ code, output: terminal.output }, { code: 0, output: '[detached from one]\r\n' });
    } finally {
      silent.close();
    }
  });

  it('goes on while the helper is gone', async () => {
    const [window] = await start(['/bin/cat']);
    const terminal = attach();
    terminal.type('before\r');
    await terminal.waitForText(/before\nbefore/);
    const pid = await helperPid(window);
    process.kill(pid, 'SIGKILL');
    await processEnd(pid);
    terminal.type('after\r');
    assert.match(await terminal.waitForText(/after\nafter/), /before\nafter\nafter$/);
  });

  it('ends with 1 and says below what was shown what to do when the session’s host is killed', async () => {
    const [window, record] = await start(['/bin/cat']);
    await window.helper.update(record, () => ({ policy: { retry: 'never' } }));
    const terminal = attach({ cols: 300 });
    terminal.type('ready\r');
    await terminal.waitForText(/ready\nready/);
    for (const pid of await hostPids(window)) process.kill(pid, 'SIGKILL');
    const code = await terminal.exit();
    const text = await terminal.waitForText(/\(CONNECTION_LOST\)/);
    assert.deepEqual({ code, lines: text.split('\n').slice(-2) }, { code: 1, lines: ['', `holdfast: ${hostLost}`] });
  });

  it('goes on with the session once that was started again because its host was killed', async () => {
    const [window] = await start(['/bin/cat']);
    const terminal = attach({ cols: 300 });
    terminal.type('first life\r');
    await terminal.waitForText(/first life\nfirst life/);
    for (const pid of await hostPids(window)) process.kill(pid, 'SIGKILL');
    await terminal.waitForText(/── Its session host was killed at .*; this is attempt 1 of 3 ──/);
    terminal.type('second life\r');
    await terminal.waitForText(/second life\nsecond life/);
    terminal.type('\x1c');
    terminal.type('d');
    assert.equal(await terminal.exit(), 0);
  });

  it('tells what was kept and what to do where the socket of the session’s host is gone', async () => {
    const [window, record] = await start(['/bin/cat']);
    await rm(socketOf(window, record));
    const terminal = attach({ cols: 300, errors: 'aside' });
    assert.deepEqual(await terminal.result(), {
      code: 1,
      output: '',
      errors: `holdfast: ${hostLost.replace('.', ' (ENOENT).')}\n`,
    });
  });

  it('tells the same where nobody listens at that socket any more', async () => {
    const [window, record] = await start(['/bin/cat']);
    await rm(socketOf(window, record));
    await writeFile(socketOf(window, record), '');
    const terminal = attach({ errors: 'aside' });
    const { code, errors } = await terminal.result();
    assert.deepEqual({ code, errors }, { code: 1, errors: `holdfast: ${hostLost.replace('.', ' (ECONNREFUSED).')}\n` });
  });

  it('tells that the session’s host does not answer where it is stuck', async () => {
    const [window, record] = await start(['/bin/cat']);
    const silent = await listenInPlaceOf(socketOf(window, record));
    try {
      const { code, errors } = await attach({ errors: 'aside' }).result();
      assert.deepEqual(
        { code, errors: errors.slice(0, 45), isTyped: errors.endsWith('(TIMEOUT)\n') },
        { code: 1, errors: 'holdfast: The host of “one” does not answer. ', isTyped: true },
      );
    } finally {
      silent.close();
    }
  });

  it('lets Ctrl+C stop a flood of output at once', async () => {
    await start();
    const terminal = attach();
    await terminal.waitForText(/[$#] ?$/);
    terminal.type('yes\r');
    await terminal.waitForText(/(y\n){20}/);
    terminal.type('\x03');
    terminal.type('echo "sto"pped\r');
    assert.match(await terminal.waitForText(/stopped/), /stopped/);
  });

  it('gives the program one Ctrl+\\ for two', async () => {
    await start(['/bin/sh', '-c', 'stty -isig; exec cat -v']);
    const terminal = attach();
    terminal.type('ready\r');
    await terminal.waitForText(/ready\nready/);
    terminal.type('\x1c\x1c!\r');
    assert.match(await terminal.waitForText(/\^\\!\n/), /\n\^\\!$/);
  });

  it('gives the session the size of the terminal, also when that changes', async () => {
    await start();
    const terminal = attach();
    await terminal.waitForText(/[$#] ?$/);
    terminal.resize(101, 31);
    terminal.type('clear; while [ "$(stty size)" != "31 101" ]; do sleep 0.05; done; echo size is right\r');
    assert.match(await terminal.waitForText(/^size is right/m), /size is right/);
  });

  it('detaches with Ctrl+\\ and d, puts the terminal right and leaves the session running', async () => {
    const [, record] = await start([
      '/bin/sh',
      '-c',
      'printf "\\033[?1049h\\033[?1000h\\033[?1006h\\033[?2004h\\033[?25lfull screen"; exec cat',
    ]);
    const terminal = attach();
    await terminal.waitForText(/full screen/);
    assert.equal(terminal.modes.mouseTrackingMode, 'vt200');
    terminal.type(detach);
    const code = await terminal.exit();
    await terminal.waitForText(/\[detached from one\]/);
    const { mouseTrackingMode, bracketedPasteMode } = terminal.modes;
    assert.deepEqual(
      { code, mouseTrackingMode, bracketedPasteMode, runs: await isRunningProcess(record.ptyPid as number) },
      { code: 0, mouseTrackingMode: 'none', bracketedPasteMode: false, runs: true },
    );
  });

  it('restores the terminal and tells why when far more is pasted than the program reads', async () => {
    const modes = '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25l';
    const [, record] = await start(['/bin/sh', '-c', `stty raw -echo; printf "${modes}ready"; exec sleep 1000`]);
    const settings = 'echo "<$(stty -g)>"';
    const terminal = attach({ cols: 300, before: settings, after: `${settings}; read rest; echo "rest: $rest"` });
    await terminal.waitForText(/ready/);
    terminal.type('x'.repeat(70 * 1024 * 1024));
    await terminal.waitForText(/>$/, { timeout: 45_000 });
    terminal.type('none\r');
    const text = await terminal.waitForText(/^rest: .*$/m, { timeout: 45_000 });
    const code = await terminal.exit();
    const [before, after] = terminal.output.match(/<[\w:=]+>/g) ?? [];
    const { mouseTrackingMode, bracketedPasteMode } = terminal.modes;
    assert.deepEqual(
      {
        code,
        error: text.match(/^holdfast: .*/m)?.[0],
        isRestored: before === after,
        rest: text.match(/^rest: (.{0,9})/m)?.[1],
        mouseTrackingMode,
        bracketedPasteMode,
        runs: await isRunningProcess(record.ptyPid as number),
      },
      {
        code: 1,
        error:
          'holdfast: “one” takes no more input, so the end of it was dropped. The session was left as it is: ' +
          'attach again, and give it large input as a file. (INPUT_TOO_LARGE)',
        isRestored: true,
        rest: 'none',
        mouseTrackingMode: 'none',
        bracketedPasteMode: false,
        runs: true,
      },
    );
  });

  it('tells that a limit has ended the session, and not that anybody stopped it', async () => {
    const window = await project().open();
    await window.create({ name: 'one', command: ['cat'], policy: { sessionTimeout: 0.05 } });
    const terminal = attach();
    await terminal.exit();
    assert.match(await terminal.waitForText(/\[one/), /\[one was ended: it ran for its 0.05 minutes\]/);
  });

  it('ends with the exit code of the session', async () => {
    await start();
    const terminal = attach();
    await terminal.waitForText(/[$#] ?$/);
    terminal.type('exit 7\r');
    assert.equal(await terminal.exit(), 7);
    assert.match(await terminal.waitForText(/\[one/), /\[one ended with code 7\]/);
  });

  it('ends with 128 and the number of the signal that ended the session', async () => {
    const [, record] = await start(['/bin/cat']);
    const terminal = attach();
    terminal.type('ready\r');
    await terminal.waitForText(/ready\nready/);
    process.kill(record.ptyPid as number, 'SIGKILL');
    assert.equal(await terminal.exit(), 137);
  });

  it('leaves the session running when it is killed itself', async () => {
    const [, record] = await start(['/bin/cat']);
    const terminal = attach();
    terminal.type('ready\r');
    await terminal.waitForText(/ready\nready/);
    terminal.kill();
    await processEnd(terminal.pid);
    assert.equal(await isRunningProcess(record.ptyPid as number), true);
  });

  it('shows the last screen of a session that has ended, and its exit code', async () => {
    const [window, record] = await start(['/bin/sh', '-c', 'echo last words; exit 3']);
    await new Promise<void>((resolve) => {
      const look = () => window.get(record.id)?.status === 'failed' && resolve();
      window.onChange(look);
      look();
    });
    const terminal = attach();
    const code = await terminal.exit();
    const text = await terminal.waitForText(/does not run/);
    assert.deepEqual({ code, words: /last words/.test(text) }, { code: 3, words: true });
  });

  it('asks for a terminal where there is none', async () => {
    await start();
    const { stderr, code } = await runCli(project().folder, 'attach', 'one');
    assert.deepEqual(
      { stderr, code },
      {
        stderr:
          'holdfast: Attaching needs a terminal. To read what a session printed, use “holdfast logs”. (INVALID_ARGUMENT)\n',
        code: 1,
      },
    );
  });
});

function socketOf({ options }: SessionManager, { id }: SessionRecord): string {
  return sessionPlaces(machine, options.workplace.key, id).socket;
}

/** Plays a host that takes connections and says nothing. */
async function listenInPlaceOf(socket: string): Promise<net.Server> {
  await rm(socket);
  const server = net.createServer((client) => client.on('error', () => undefined));
  await once(server.listen(socket), 'listening');
  return server;
}
