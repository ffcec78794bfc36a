import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

/**
 * Runs npm with its output shown, and resolves when it succeeded.
 * npm's own script is started with node wherever it is known, because Windows starts `npm.cmd` through a shell only.
 */
export async function npm(args, cwd) {
  const [command, ...prefix] = npmCommand(process.env);
  const child = spawn(command, [...prefix, ...args], { cwd, stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd} (${code}).`);
}

function npmCommand(env) {
  if (env.npm_execpath && basename(env.npm_execpath) === 'npm-cli.js') {
    return [env.npm_node_execpath ?? process.execPath, env.npm_execpath];
  }
  if (process.platform !== 'win32') return ['npm'];
  const script = windowsNpmScript(env);
  if (!script) throw new Error('npm was not found on the PATH.');
  return [join(dirname(script), '../../../node.exe'), script];
}

function windowsNpmScript(env) {
  const folders = (env.Path ?? env.PATH ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    .find((script) => existsSync(script));
}
