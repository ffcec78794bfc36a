import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { repositoryRoot } from './paths.ts';

/** What the extension is made of, besides the native files of one platform. */
const content = [
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'media',
  'dist/package.json',
  'dist/third-party-notices.txt',
  'dist/version.json',
  'dist/extension.cjs',
  'dist/helper.cjs',
  'dist/host.cjs',
  'dist/cli.js',
];

const windowsContent = ['dist/worker', 'dist/conpty_console_list_agent.js'];

/** The platforms that there are packages for. */
export const targets = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

/** A package for one platform must stay under this; bytes. */
const maxSize = 5 * 1024 * 1024;

/**
 * Packs the built extension for one of `targets` into a VSIX in `out`; returns its path and its size in bytes.
 * @throws {Error} where that is too large.
 */
export async function packageFor(target: string, out: string): Promise<{ file: string; size: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-package-'));
  try {
    await stage(folder, target);
    await mkdir(out, { recursive: true });
    const packagePath = join(out, `holdfast-${target}.vsix`);
    const options = { dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false };
    await createVSIX({ cwd: folder, target, packagePath, ...options });
    const { size } = await stat(packagePath);
    if (size > maxSize) throw new Error(`The package for ${target} is over ${maxSize / 1024 / 1024} MB.`);
    return { file: packagePath, size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder of its own, because an ignore file cannot tell one platform's files from another's. */
async function stage(folder: string, target: string): Promise<void> {
  const files = [...content, `dist/prebuilds/${target}`, ...(target.startsWith('win32') ? windowsContent : [])];
  for (const file of files) await cp(join(repositoryRoot, file), join(folder, file), { recursive: true });
  const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
  for (const field of ['private', 'type', 'scripts', 'dependencies', 'devDependencies', 'allowScripts', 'bin'])
    delete manifest[field];
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
}
