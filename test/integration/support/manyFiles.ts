import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { git } from '../../support/repository.ts';

/** Commits so many small files to the branch that is checked out, in folders of 250, without writing them one by one. */
export async function commitManyFiles(folder: string, count: number): Promise<void> {
  const branch = await git(folder, 'symbolic-ref', 'HEAD');
  const parent = await git(folder, 'rev-parse', 'HEAD');
  const importer = spawn('git', ['fast-import', '--quiet'], { cwd: folder, stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(importer, 'exit');
  importer.stdin.write(
    `commit ${branch}\ncommitter T <t@example.invalid> 1700000000 +0000\ndata 4\nmany\nfrom ${parent}\n`,
  );
  for (let number = 0; number < count; number++) {
    const text = `file ${number}\n`;
    const file = `many/d${Math.floor(number / 250)}/f${number}.txt`;
    importer.stdin.write(`M 100644 inline ${file}\ndata ${text.length}\n${text}`);
  }
  importer.stdin.end('\n');
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with code ${code}.`);
  await git(folder, 'reset', '--quiet', '--hard');
}
