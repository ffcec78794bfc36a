import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const dist = path.join(root, 'dist');

/** What each program may be made of, checked against what esbuild really put into it. */
const programs = {
  host: { entry: 'src/host/main.ts', forbidden: [/vscode-jsonrpc/, /src\/(helper|client|cli|extension)\//] },
  helper: { entry: 'src/helper/main.ts', forbidden: [/node-pty/, /@xterm/, /src\/(host|cli|extension)\//] },
  cli: { entry: 'src/cli/main.ts', forbidden: [/node-pty/, /@xterm/, /src\/(host|helper|extension)\//] },
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
  const outfile = path.join(dist, `${name}.cjs`);
  const banner = name === 'cli' ? { js: '#!/usr/bin/env node' } : {};
  const { metafile } = await build({ ...common, entryPoints: [entry], outfile, external, banner });
  assertInputs(name, metafile, forbidden);
}

async function copyNativeFiles() {
  const from = path.join(root, 'node_modules', 'node-pty', 'prebuilds');
  await cp(from, path.join(dist, 'prebuilds'), { recursive: true, filter: (file) => !file.endsWith('.pdb') });
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(dist, 'version.json'), `${JSON.stringify({ version })}\n`);
}

await mkdir(dist, { recursive: true });
await Promise.all([
  ...Object.entries(programs).map(([name, program]) => buildProgram(name, program)),
  build({ ...common, entryPoints: nodePtyWorkers, outdir: dist, outExtension: { '.js': '.js' } }),
  copyNativeFiles(),
]);
