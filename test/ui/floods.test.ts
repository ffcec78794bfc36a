import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { useEditor } from '../support/editor.ts';
import { describeOnUnix } from '../support/unix.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { ask, newAnswering } from './support/answers.ts';
import { program } from './support/programs.ts';

describeOnUnix('a session under load', () => {
  const editor = useEditor();
  let workbench: Workbench;

  before(async () => {
    workbench = await editor.open();
    await workbench.tree.show('Holdfast');
    await newAnswering(workbench, 'quiet');
    await workbench.newSession('busy');
    await workbench.terminals.waitForText(prompt);
  });

  /** How long the window takes for what a user does, in milliseconds. */
  async function reactions(): Promise<{ palette: number; quiet: number }> {
    const palette = await workbench.quickInput.timeToOpen();
    const { quiet } = await timed('quiet', () => ask(workbench, 'quiet'));
    return { palette, quiet };
  }

  it('leaves the window usable while it prints without end', async () => {
    const idle = await reactions();
    await workbench.terminals.focus('busy');
    await workbench.terminals.type('yes\n');
    await workbench.terminals.waitForText(/^y\ny\ny$/m);
    const busy = await reactions();
    await workbench.screenshot('floods-01-yes');
    const told = `the palette opened in ${busy.palette} ms beside \`yes\`, ${idle.palette} ms without; \
another terminal answered in ${busy.quiet} ms, ${idle.quiet} ms without`;
    console.log(`      ${told}`);
    assert.ok(busy.palette < 3 * idle.palette + 500 && busy.quiet < 3 * idle.quiet + 500, told);
  });

  it('stops at Ctrl+C', async () => {
    await workbench.terminals.focus('busy');
    const { stopped } = await timed('stopped', async () => {
      await workbench.terminals.press('Control+c');
      await workbench.terminals.waitForText(/\^C.*\n.*[#$%>] ?$/);
    });
    console.log(`      the prompt was back ${stopped} ms after Ctrl+C`);
    await workbench.screenshot('floods-02-interrupted');
    assert.ok(stopped < 3_000, `${stopped} ms`);
  });

  it('ends with the right last lines after 200,000 of them', async () => {
    await workbench.terminals.type('clear; seq 200000\n');
    const text = await workbench.terminals.waitForText(/^200000\n.*[#$%>] ?$/m, { timeout: 60_000 });
    await workbench.screenshot('floods-03-lines');
    const numbers = text.split('\n').slice(1, -1);
    const first = Number(numbers[0]);
    assert.deepEqual(
      numbers,
      Array.from({ length: 200_000 - first + 1 }, (_, index) => String(first + index)),
    );
  });

  it('takes a paste of 1 MB whole', async () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `pasted ${index} é漢😀 `)
      .join('')
      .slice(0, 1 << 20);
    const bytes = Buffer.byteLength(text);
    await workbench.newSession('paste', program('hashInput', { suite: 'integration', args: [bytes] }));
    await workbench.terminals.waitForText('ready');
    await workbench.terminals.paste(text);
    const shown = await workbench.terminals.waitForText(/sha256 [0-9a-f]{64}/, { timeout: 60_000 });
    await workbench.screenshot('floods-04-paste');
    const digest = createHash('sha256').update(text).digest('hex');
    assert.equal(/sha256 ([0-9a-f]+)/.exec(shown)?.[1], digest);
  });

  it('is given nothing but what was typed, and shows nothing but what it printed', async () => {
    await workbench.newSession('flood', program('flood', { args: [50_000] }));
    await workbench.terminals.waitForText('flooded', { timeout: 60_000 });
    await workbench.terminals.type('q');
    const text = await workbench.terminals.waitForText(/given ".*"/);
    await workbench.screenshot('floods-05-given');
    const strange = text
      .split('\n')
      .filter((line) => !/^(flood \d+ coloured ?=*|flooded|given .*|\[Holdfast\].*|)$/.test(line));
    assert.deepEqual({ given: /given (".*")/.exec(text)?.[1], strange }, { given: '"q"', strange: [] });
  });
});

const prompt = /[#$%>] ?$/;

async function timed<K extends string>(name: K, action: () => Promise<unknown>): Promise<Record<K, number>> {
  const start = performance.now();
  await action();
  return { [name]: Math.round(performance.now() - start) } as Record<K, number>;
}
