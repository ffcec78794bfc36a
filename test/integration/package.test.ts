import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import JSZip from 'jszip';
import { projectNode, repositoryRoot } from '../support/paths.ts';
import { useTempDirs } from '../support/tempDirs.ts';

const packageMain = join(repositoryRoot, 'test', 'support', 'packageMain.ts');

const windowsPrebuilds = ['conpty.node', 'conpty/OpenConsole.exe', 'conpty/conpty.dll', 'conpty_console_list.node'];
const prebuilds: Record<string, readonly string[]> = {
  'linux-x64': ['pty.node'],
  'linux-arm64': ['pty.node'],
  'darwin-x64': ['pty.node', 'spawn-helper'],
  'darwin-arm64': ['pty.node', 'spawn-helper'],
  'win32-x64': windowsPrebuilds,
  'win32-arm64': windowsPrebuilds,
};

const content = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  ...['LICENSE.txt', 'changelog.md', 'package.json', 'readme.md'].map((file) => `extension/${file}`),
  ...['cli.js', 'extension.cjs', 'helper.cjs', 'host.cjs', 'package.json'].map((file) => `extension/dist/${file}`),
  ...['third-party-notices.txt', 'version.json'].map((file) => `extension/dist/${file}`),
];

const windowsContent = ['conpty_console_list_agent.js', 'worker/conoutSocketWorker.js'];

describe('the package', () => {
  const temp = useTempDirs();
  const packages = new Map<string, { size: number; zip: JSZip }>();

  before(async () => {
    const out = await temp.make('packages');
    await run(...Object.keys(prebuilds).flatMap((target) => ['--target', target]), '--out', out);
    for (const target of Object.keys(prebuilds)) {
      const bytes = await readFile(join(out, `holdfast-${target}.vsix`));
      packages.set(target, { size: bytes.length, zip: await JSZip.loadAsync(bytes) });
    }
  });

  for (const target of Object.keys(prebuilds)) {
    it(`for ${target} holds the programs, its own native files and nothing else`, async () => {
      const entries = Object.values(packed(target).zip.files).filter(({ dir }) => !dir);
      assert.deepEqual(entries.map(({ name }) => name).sort(), await expected(target));
    });

    it(`for ${target} is under 5 MB and names that platform`, async () => {
      const { size, zip } = packed(target);
      const manifest = (await zip.file('extension.vsixmanifest')?.async('string')) ?? '';
      const named = /TargetPlatform="([^"]*)"/.exec(manifest)?.[1];
      assert.deepEqual({ isSmall: size < 5 * 1024 * 1024, named }, { isSmall: true, named: target });
    });
  }

  for (const target of ['darwin-x64', 'darwin-arm64']) {
    it(`for ${target} lets the program that starts others be run`, function () {
      if (process.platform === 'win32') this.skip();
      const mode = packed(target).zip.file(`extension/dist/prebuilds/${target}/spawn-helper`)?.unixPermissions;
      assert.equal(Number(mode) & 0o111, 0o111);
    });
  }

  it('is explained by --help', async () => {
    assert.match(await run('--help'), /^npm run package -- \[options\]\n[^]*--target NAME/);
  });

  for (const { args, says } of [
    { args: ['--wrong'], says: "Unknown option '--wrong'" },
    { args: ['--target', 'plan9-x64'], says: 'There is no target plan9-x64.' },
  ]) {
    it(`is not made for ${args.join(' ')}: the usage is shown, and no stack`, async () => {
      const { code, stderr } = await run(...args).then(assert.fail, (error) => error);
      const [first, , third = ''] = stderr.split('\n');
      assert.deepEqual([code, first, third.slice(0, 15), /^ +at /m.test(stderr)], [1, says, 'npm run package', false]);
    });
  }

  function packed(target: string): { size: number; zip: JSZip } {
    const found = packages.get(target);
    assert.ok(found);
    return found;
  }
});

/** Runs what `npm run package` does after building; returns what it prints. */
async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(projectNode, [packageMain, ...args], { cwd: repositoryRoot });
  return stdout;
}

async function expected(target: string): Promise<string[]> {
  const media = (await readdir(join(repositoryRoot, 'media'))).map((file) => `extension/media/${file}`);
  const native = (prebuilds[target] ?? []).map((file) => `extension/dist/prebuilds/${target}/${file}`);
  const windows = target.startsWith('win32') ? windowsContent.map((file) => `extension/dist/${file}`) : [];
  return [...content, ...media, ...native, ...windows].sort();
}
