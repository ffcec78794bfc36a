import { join } from 'node:path';
import { projectNode, repositoryRoot } from '../../support/paths.ts';

/** The command line of a program beside these tests, to be typed at a prompt. */
export function program(name: string, ...args: readonly (string | number)[]): string {
  const script = join(repositoryRoot, 'test', 'ui', 'programs', `${name}.ts`);
  return [`"${projectNode}"`, `"${script}"`, ...args].join(' ');
}
