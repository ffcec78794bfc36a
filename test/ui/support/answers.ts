import type { Workbench } from '../../support/workbench/workbench.ts';
import { program } from './programs.ts';

/** Makes a session that runs the program which answers with its process id. */
export async function newAnswering(workbench: Workbench, name: string): Promise<void> {
  await workbench.newSession(name, program('answer'));
  await workbench.terminals.waitForText(/process \d+/);
}

let asked = 0;

/** Types at the session's program and returns what it says of itself: its process id, the sizes it was given. */
export async function ask(workbench: Workbench, name: string): Promise<string> {
  const question = `question ${++asked}`;
  await workbench.terminals.focus(name);
  await workbench.terminals.type(`${question}\n`);
  const text = await workbench.terminals.waitForText(`heard ${question}`);
  return new RegExp(`(process \\d+, resized to \\[.*\\]), heard ${question}`).exec(text)?.[1] ?? '';
}

export async function askAll(workbench: Workbench, names: readonly string[]): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const name of names) answers[name] = await ask(workbench, name);
  return answers;
}

/**
 * What they say once their terminals have come to rest: the size of one is believed a moment after it came to the
 * front, by when the others have been asked.
 */
export async function askAllAtRest(workbench: Workbench, names: readonly string[]): Promise<Record<string, string>> {
  await askAll(workbench, names);
  return askAll(workbench, names);
}

/** Only the process ids of the answers: VS Code may resize a terminal while it builds its panel anew. */
export async function askProcesses(workbench: Workbench, names: readonly string[]): Promise<Record<string, string>> {
  const answers = Object.entries(await askAll(workbench, names));
  return Object.fromEntries(answers.map(([name, answer]) => [name, answer.replace(/,.*/, '')]));
}

/** The rows of the tree without the ages of the sessions, which go on during a test. */
export async function ageless(workbench: Workbench, count?: number): Promise<string[]> {
  const rows = await workbench.tree.rows(count);
  return rows.map((row) => row.replace(/ · (now|\d+[mhd])$/, ''));
}

/** What a person sees of the sessions at a glance. */
export async function glance(workbench: Workbench): Promise<Record<string, unknown>> {
  return {
    tree: await ageless(workbench),
    terminals: await workbench.terminals.names(),
    front: await workbench.terminals.active(),
    screen: await workbench.terminals.screen(),
  };
}

/** Waits until the sessions and the terminal in front are back on screen. */
export async function untilRestored(workbench: Workbench, front: string, badge: string): Promise<void> {
  await workbench.tree.show('Holdfast');
  await workbench.statusBarItem(badge).waitFor();
  await workbench.tree.row(front).waitFor();
  await workbench.terminals.untilActive(front);
  await workbench.terminals.waitForText(/process \d+/);
}
