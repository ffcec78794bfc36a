import { join } from 'node:path';
import { projectNode, repositoryRoot } from '../../support/paths.ts';

/** The command line of a program beside the tests of a suite, to be typed at a prompt. */
export function program(name: string, { suite = 'ui', args = [] }: ProgramOptions = {}): string {
  const script = join(repositoryRoot, 'test', suite, 'programs', `${name}.ts`);
  return [`"${projectNode}"`, `"${script}"`, ...args].join(' ');
}

export interface ProgramOptions {
  readonly suite?: 'ui' | 'integration';
  readonly args?: readonly (string | number)[];
}
