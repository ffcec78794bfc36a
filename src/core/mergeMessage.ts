import { listOf } from './presentation.ts';

/** How many subjects the message of a squashed branch lists. */
const maxListed = 200;

/** As git words it. */
export function mergeMessage(branch: string, into: string): string {
  return `Merge branch '${branch}' into ${into}`;
}

/**
 * The message of a commit that stands for all of a branch: its only commit’s own one, else `title` and what each of its
 * commits was about.
 *
 * @param messages whole messages, oldest first
 */
export function squashMessage(title: string, messages: readonly string[]): string {
  const [only] = messages;
  if (messages.length === 1 && only?.trim()) return only.trim();
  const subjects = messages.map((message) => `* ${subjectOf(message)}`);
  return [title, '', ...listOf(subjects, maxListed)].join('\n');
}

/** The first paragraph in one line, as git takes it for the subject. */
export function subjectOf(message: string): string {
  const [paragraph = ''] = message.trim().split(/\n\s*\n/);
  return paragraph.split('\n').join(' ').trim();
}

/** A message as git’s own commands leave it: no blanks at the ends of lines, no empty lines around it. */
export function tidyMessage(message: string): string {
  const lines = message.split(/\r?\n/).map((line) => line.trimEnd());
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}
