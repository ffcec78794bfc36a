import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startBackground } from '../../../src/node/backgroundProcess.ts';
import { UserScopes } from '../../../src/node/userScope.ts';
import { executing, SystemdStandIn } from '../../support/systemdRun.ts';
import { useTempDirs } from '../../support/tempDirs.ts';
import { describeOnUnix } from '../../support/unix.ts';

/** Says who it is, and whether it was started through the stand-in for systemd-run. */
const programCode =
  'console.log(JSON.stringify({ pid: process.pid, scope: process.env.STAND_IN ?? "none", args: process.argv.slice(2) }))';

const failing = 'exit 1';
const hangingAfterTrial = `case "$*" in *-trial-*) ${executing};; *) exec sleep 60;; esac`;
const failingAfterTrial = `case "$*" in *-trial-*) ${executing};; *) ${failing};; esac`;

describeOnUnix('a program in the background', () => {
  const dirs = useTempDirs();
  let folder: string;
  let systemd: SystemdStandIn;
  beforeEach(async () => {
    folder = await dirs.make();
    await writeFile(path.join(folder, 'program.cjs'), programCode);
    systemd = await SystemdStandIn.start(folder);
  });
  afterEach(() => systemd.end());

  const scopesWith = (env: NodeJS.ProcessEnv = {}, platform: NodeJS.Platform = 'linux') =>
    new UserScopes({ env: { ...systemd.env, ...env }, platform });
  const log = () => readFile(path.join(folder, 'program.log'), 'utf8').catch(() => '');

  interface Said {
    pid: number;
    scope: string;
    args: string[];
  }

  async function run(scopes: UserScopes, { env = {}, args = ['one', 'two'], deadline = 10_000 }: RunOptions = {}) {
    const { pid, report } = await startBackground({
      script: path.join(folder, 'program.cjs'),
      args,
      logFile: path.join(folder, 'program.log'),
      deadline,
      env: { ...systemd.env, ...env },
      errorCode: 'HELPER_START_FAILED',
      scopes,
    });
    return { pid, said: report as Said };
  }

  it('has a scope of its own where the user’s service manager gives one, and the pid that is reported', async () => {
    await systemd.install(executing);
    const { pid, said } = await run(scopesWith());
    assert.deepEqual(said, { pid, scope: 'own', args: ['one', 'two'] });
  });

  it('is started under a name that no other has, after one trial for the life of the starter', async () => {
    await systemd.install(executing);
    const scopes = scopesWith();
    await run(scopes);
    await run(scopes);
    assert.deepEqual(
      { different: await systemd.differentCalls(), calls: await systemd.calls() },
      {
        different: 3,
        calls: ['trial', 'program', 'program'].map(
          (name) => `--user --scope --quiet --collect --unit=holdfast-${name}`,
        ),
      },
    );
  });

  const obstacles: [why: string, code: string | undefined, env: NodeJS.ProcessEnv, told: string][] = [
    ['systemd-run fails', failing, {}, 'systemd-run ended with 1 in a trial'],
    ['systemd-run hangs', 'exec sleep 60', {}, 'systemd-run ended with SIGKILL in a trial'],
    ['there is no systemd-run', undefined, { PATH: '/nowhere' }, 'spawn systemd-run ENOENT'],
    ['the user has no runtime folder', executing, { XDG_RUNTIME_DIR: undefined }, 'XDG_RUNTIME_DIR is not set'],
    ['the user has no bus', executing, { XDG_RUNTIME_DIR: '/' }, 'The socket folder / is not yours alone.'],
    ['systemd-run fails after the trial', failingAfterTrial, {}, 'systemd-run ended with 1'],
  ];
  for (const [why, code, env, told] of obstacles) {
    it(`is started all the same where ${why}, and its log says so once`, async () => {
      if (code !== undefined) await systemd.install(code);
      const scopes = scopesWith(env);
      const seen = [await run(scopes), await run(scopes)].map(({ said }) => said.scope);
      const lines = (await log()).trim().split('\n');
      const entries = lines.map((line) => JSON.parse(line) as { obstacle: string });
      assert.deepEqual([seen, entries.map(({ obstacle }) => obstacle)], [['none', 'none'], [told]]);
    });
  }

  const silent: [what: string, code: string, programCode: string, next: string][] = [
    ['is followed by others in scopes where it was slow in its own', executing, 'setTimeout(() => 0, 60_000)', 'own'],
    ['is followed by others without scopes where systemd-run hung', hangingAfterTrial, programCode, 'none'],
  ];
  for (const [what, code, slow, next] of silent) {
    it(what, async () => {
      const file = path.join(folder, 'program.cjs');
      await systemd.install(code);
      const scopes = scopesWith();
      await writeFile(file, slow);
      await assert.rejects(run(scopes, { deadline: 3_000 }), { code: 'HELPER_START_FAILED' });
      await writeFile(file, programCode);
      assert.equal((await run(scopes)).said.scope, next);
    });
  }

  const unwanted: [why: string, scopes: () => UserScopes, options: RunOptions][] = [
    ['the user has turned that off', () => scopesWith({ HOLDFAST_SCOPE: 'off' }), {}],
    ['its starter has turned that off', () => scopesWith(), { env: { HOLDFAST_SCOPE: 'off' } }],
    ['the system has none', () => scopesWith({}, 'darwin'), {}],
    ['an argument looks as if it named a variable', () => scopesWith(), { args: ['$HOME'] }],
  ];
  for (const [why, scopes, options] of unwanted) {
    it(`has no scope where ${why}, and there is nothing to tell`, async () => {
      await systemd.install(executing);
      const { said } = await run(scopes(), options);
      assert.deepEqual([said.scope, await log()], ['none', '']);
    });
  }
});

interface RunOptions {
  env?: Record<string, string>;
  args?: string[];
  deadline?: number;
}
