import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectNode, repositoryRoot } from './paths.ts';

interface Check {
  readonly name: string;
  /** A program of one of the packages in node_modules, and its arguments. */
  readonly program: readonly [file: string, ...args: string[]];
}

/** Boundaries between folders and import cycles are Biome's rules too; the build checks what each bundle holds. */
const checks: readonly Check[] = [
  { name: 'types', program: ['typescript/bin/tsc', '-p', '.'] },
  { name: 'format, lint and boundaries', program: ['@biomejs/biome/bin/biome', 'ci', '--error-on-warnings'] },
  { name: 'promises', program: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings', 'src', 'test'] },
  { name: 'unused code and dependencies', program: ['knip/bin/knip.js'] },
];

function run({ program: [file, ...args] }: Check): Promise<boolean> {
  const script = join(repositoryRoot, 'node_modules', ...file.split('/'));
  const child = spawn(projectNode, [script, ...args], { cwd: repositoryRoot, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}

const failed: string[] = [];
for (const check of checks) {
  console.log(`\n== ${check.name} ==`);
  if (!(await run(check))) failed.push(check.name);
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
