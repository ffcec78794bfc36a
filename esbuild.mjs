import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const dist = path.join(root, 'dist');

/** What each program may be made of, checked against what esbuild really put into it. */
const programs = {
  host: { entry: 'src/host/main.ts', forbidden: [/vscode-jsonrpc/, /src\/(helper|client|cli|extension)\//] },
  helper: { entry: 'src/helper/main.ts', forbidden: [/node-pty/, /@xterm/, /src\/(host|cli|extension)\//] },
  cli: { entry: 'src/cli/main.ts', forbidden: [/node-pty/, /src\/(host|helper|extension)\//] },
  extension: {
    entry: 'src/extension/main.ts',
    external: ['vscode'],
    forbidden: [/node-pty/, /@xterm/, /src\/(host|helper|cli)\//],
  },
};

/** Files that node-pty starts as threads or processes of their own, on Windows only. */
const nodePtyWorkers = {
  'worker/conoutSocketWorker': 'node_modules/node-pty/lib/worker/conoutSocketWorker.js',
  conpty_console_list_agent: 'node_modules/node-pty/lib/conpty_console_list_agent.js',
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  sourcemap: process.argv.includes('--sourcemap') ? 'linked' : false,
  minify: !process.argv.includes('--sourcemap'),
  metafile: true,
  logLevel: 'warning',
};

function assertInputs(name, metafile, forbidden) {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const found = inputs.filter((input) => forbidden.some((pattern) => pattern.test(input)));
  if (found.length > 0) throw new Error(`The ${name} bundle must not hold ${found.join(', ')}`);
}

async function buildProgram(name, { entry, external = [], forbidden }) {
  const outfile = path.join(dist, name === 'cli' ? 'cli.js' : `${name}.cjs`);
  const banner = name === 'cli' ? { js: '#!/usr/bin/env node' } : {};
  const { metafile } = await build({ ...common, entryPoints: [entry], outfile, external, banner });
  assertInputs(name, metafile, forbidden);
  return Object.keys(metafile.inputs);
}

/** The licences of everything that was bundled, as those licences ask for. */
async function writeNotices(inputs) {
  const packages = new Set(['node-pty']);
  for (const input of inputs) {
    const name = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (name) packages.add(name);
  }
  const notices = await Promise.all([...packages].sort().map(noticeOf));
  await writeFile(path.join(dist, 'third-party-notices.txt'), notices.join('\n\n'));
}

async function noticeOf(name) {
  const folder = path.join(root, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(path.join(folder, file), 'utf8') : `Licence: ${license}`;
  return `${name} ${version}\n\n${text.trim()}\n`;
}

async function copyFiles() {
  const from = path.join(root, 'node_modules', 'node-pty', 'prebuilds');
  await cp(from, path.join(dist, 'prebuilds'), { recursive: true, filter: (file) => !file.endsWith('.pdb') });
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(dist, 'version.json'), `${JSON.stringify({ version })}\n`);
  await writeFile(path.join(dist, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
}

await mkdir(dist, { recursive: true });
const built = Promise.all(Object.entries(programs).map(([name, program]) => buildProgram(name, program)));
await Promise.all([
  built.then((inputs) => writeNotices(inputs.flat())),
  build({ ...common, entryPoints: nodePtyWorkers, outdir: dist, outExtension: { '.js': '.js' } }),
  copyFiles(),
]);
