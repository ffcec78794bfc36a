import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const files = {
  'README.md': `# Tide

A tiny program that draws the tide of the next hours. It is here to be changed.

    node src/tide.js

Ideas for a session each:

- draw in colour
- take the number of hours from the command line
- test \`height\`
`,
  'package.json': `${JSON.stringify(
    { name: 'tide', private: true, type: 'module', scripts: { start: 'node src/tide.js', test: 'node --test' } },
    null,
    2,
  )}\n`,
  'src/height.js': `const period = 12.42;

/** The height of the water in metres, so many hours from now. */
export function height(hours) {
  return 2 + 1.5 * Math.sin((2 * Math.PI * hours) / period);
}
`,
  'src/tide.js': `import { height } from './height.js';

for (let hour = 0; hour < 24; hour += 1) {
  const metres = height(hour);
  console.log(\`\${String(hour).padStart(2)} h  \${'~'.repeat(Math.round(metres * 10))} \${metres.toFixed(1)} m\`);
}
`,
  'test/height.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { height } from '../src/height.js';

test('the tide starts at the mean height', () => {
  assert.equal(height(0), 2);
});
`,
  '.gitignore': 'node_modules/\n',
};

/** Makes a small repository to try things in; it carries its own identity, as git may have none on this machine. */
export async function makeDemoRepository(folder: string): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Demo');
  await git('config', 'user.email', 'demo@example.invalid');
  await git('add', '.');
  await git('commit', '--quiet', '--no-gpg-sign', '--message', 'Draw the tide');
  return folder;
}
