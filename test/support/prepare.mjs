// Makes a fresh clone ready, so it may use nothing that is installed: plain JavaScript, any Node from 20 on.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const projectNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/**
 * The versions of package-lock.json, as `npm ci` would take them; but that one refuses a lock file without the optional
 * packages of every other platform, and it first deletes the Node.js that may be running this.
 * One package alone needs its install script, which runs below; the others would download or compile what is not used.
 */
const installLocked = ['install', '--no-save', '--ignore-scripts'];

/** Installs what package-lock.json asks for, where it is not there yet, and builds the extension. */
export async function prepare() {
  if (!installedMatchesLock()) {
    console.log('Installing dependencies …');
    await npm([...installLocked, '--no-audit', '--no-fund'], root);
  }
  if (!existsSync(projectNode)) {
    console.log('Fetching the Node.js that the project runs on …');
    await npm(['rebuild', 'node'], root);
  }
  console.log('Building …');
  const failure = await run([join(root, 'esbuild.mjs')]);
  if (failure !== 0) throw new Error('The build failed; its messages are above.');
}

/** Prepares, then hands over to a TypeScript program beside this file and ends with its exit code. */
export async function prepareAndRun(program) {
  try {
    await prepare();
    process.exitCode = await run([join(root, 'test', 'support', program), ...process.argv.slice(2)]);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

function installedMatchesLock() {
  const installed = lockedPackages('node_modules', '.package-lock.json');
  const wanted = lockedPackages('package-lock.json');
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = installed[path];
    return path === '' || (found ? found.version === version : optional === true);
  });
}

function lockedPackages(...path) {
  const file = join(root, ...path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs the project's own Node and resolves with the exit code; whatever asks this process to end is passed on.
 * Ctrl+C in a terminal reaches both, so programs started here have to bear being asked twice.
 */
function run(args) {
  const child = spawn(projectNode, args, { cwd: root, stdio: 'inherit' });
  const pass = (name) => child.kill(name);
  for (const name of interruptions) process.on(name, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => {
    for (const name of interruptions) process.off(name, pass);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare();
}
