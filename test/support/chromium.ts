import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { provision } from './cache.ts';
import { npm } from './npm.mjs';
import { projectNode } from './paths.ts';
import { pins } from './pins.ts';

export interface Chromium {
  readonly executable: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** An installed Chrome, Edge or Chromium, or else a headless Chromium fetched into the cache. */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<Chromium> {
  const chosen = env.HOLDFAST_BROWSER;
  if (chosen) return { executable: chosen };
  const installed = candidates(env).find((path) => existsSync(path));
  return installed ? { executable: installed } : fetchedChromium();
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  if (process.platform === 'darwin') {
    const applications = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
    return applications.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter((root) => root !== undefined);
    const programs = [
      join('Google', 'Chrome', 'Application', 'chrome.exe'),
      join('Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ];
    return roots.flatMap((root) => programs.map((program) => join(root, program)));
  }
  const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'microsoft-edge'];
  const folders = (env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

async function fetchedChromium(): Promise<Chromium> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No browser was found. Install Chrome, or name one in HOLDFAST_BROWSER.');
  }
  const folder = join(await provision(`chromium-${pins.chromium}`, install), 'unpacked');
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const fonts = existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_FILE: await writeFontList(folder) };
  return { executable: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: libraries, ...fonts } };
}

async function install(folder: string): Promise<void> {
  console.log('Fetching a headless Chromium (about 300 MB unpacked, once; it is kept outside this clone) …');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(['install', `@sparticuz/chromium@${pins.chromium}`, '--save-exact', ...quiet], folder);
  await unpack(folder);
}

/** The package unpacks itself into the temp folder, and its shared libraries only where it takes itself to be hosted. */
async function unpack(folder: string): Promise<void> {
  const target = join(folder, 'unpacked');
  await mkdir(target);
  const program = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();";
  const env = { ...process.env, TMPDIR: target, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
  await promisify(execFile)(projectNode, ['--input-type=module', '--eval', program], { cwd: folder, env });
}

/** Without fonts of its own a machine shows no text at all; the package brings one. */
async function writeFontList(folder: string): Promise<string> {
  const file = join(folder, 'fonts', 'fonts-here.conf');
  const cache = join(folder, 'fonts-cache');
  await writeFile(file, `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
  return file;
}
