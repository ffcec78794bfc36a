import type { Finding } from '../../core/diagnosis.ts';
import type { Machine } from '../../node/places.ts';
import type { Workplace } from '../../node/repository.ts';
import type { HelperHello } from '../../protocol/helperRpc.ts';

/** What the doctor has to know of whoever asks; a session manager's options are one. */
export interface DoctorContext {
  machine: Machine;
  workplace: Workplace;
  /** The window's own storage; the command line has none. Those that windows have noted are found anyway. */
  storage?: string;
  settings: () => { worktreesFolder: string };
  /** The folder of the built programs, from which a repair may start a helper. */
  dist: string;
  client: HelperHello['client'];
}

/** A finding and, where that can be done without asking, its repair. */
export interface Diagnosed extends Finding {
  /** Does it; resolves with what was done, as a sentence. Present where the proposed repair is safe. */
  apply?: () => Promise<string>;
}

/** “1 session”, “3 sessions”. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

const maxListed = 10;

/** The first of many lines of evidence, and how many more there are. */
export function firstOf(lines: readonly string[]): string[] {
  const more = lines.length - maxListed;
  return more > 0 ? [...lines.slice(0, maxListed), `and ${more} more`] : [...lines];
}
