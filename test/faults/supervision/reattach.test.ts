import assert from 'node:assert/strict';
import { TestTerminal } from '../../integration/support/terminal.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { describeTerminal, newTerminal, write } from '../../unit/host/terminals.ts';
import { itLosesNothing, type Stage } from '../support/stage.ts';

/** What is printed before a terminal comes, and what after that. */
const moments: [where: string, before: string, after: string][] = [
  ['a UTF-8 character of two bytes', 'caf\\303', '\\251 au lait'],
  ['a UTF-8 character of four bytes', 'face \\360\\237', '\\231\\202 end'],
  ['an escape sequence', 'plain \\033[1;3', '1mred'],
  ['a title', 'plain \\033]0;half a ti', 'tle\\007 end'],
  ['the alternate screen', 'shell\\033[?1049h\\033[2Jfull \\033[3;3Hscreen', ' goes on\\033[?25l'],
  ['a scroll region', '\\033[5;10r\\033[5;1Hregion\\n', 'below\\n\\n\\n\\n\\n\\nscrolled'],
];

/** Prints each line it reads as printf does, without what printf adds or the terminal changes. */
const printer = ['sh', '-c', 'stty raw -echo; printf ready; while IFS= read -r piece; do printf "$piece"; done'];

describeOnUnix('a terminal that attaches in the middle', () => {
  itLosesNothing('of whatever is printed shows what one shows that was there all along', async (stage) => {
    await stage.numbers();
    const shown = await Promise.all(moments.map((moment) => shownInBoth(stage, moment)));
    const named = (side: 0 | 1) => moments.map(([where], index) => [where, shown[index]?.[side]]);
    assert.deepEqual(named(1), named(0));
  });
});

/** What a terminal shows that was there all along, and one that came in between. */
async function shownInBoth(stage: Stage, [, before, after]: (typeof moments)[number]): Promise<[string, string]> {
  const session = await stage.start(printer);
  const first = await TestTerminal.open(stage.scene, session);
  await first.sees('ready');
  const start = first.shownTo;
  first.type(`${before}\n`);
  await shown(first, start + lengthOf(before));
  const second = await TestTerminal.open(stage.scene, session);
  first.type(`${after}\n`);
  await shown(second, start + lengthOf(before) + lengthOf(after));
  await waitFor(() => first.shownTo === second.shownTo);
  return [await shownIn(first), await shownIn(second)];
}

/** How many bytes printf makes of it. */
function lengthOf(text: string): number {
  return text.replaceAll(/\\(\d{3}|n)/g, '.').length;
}

async function shown(terminal: TestTerminal, bytes: number): Promise<void> {
  await waitFor(
    () => terminal.shownTo,
    (end) => end >= bytes,
    { what: `${bytes} bytes` },
  );
}

/** The terminal's last fresh screen and all that followed. */
async function shownIn({ screens, screenSeqs, pieces }: TestTerminal): Promise<string> {
  const terminal = newTerminal({ cols: 80, rows: 24 });
  const from = screenSeqs.at(-1) ?? 0;
  await write(terminal, screens.at(-1) ?? '');
  const rest = pieces.filter(({ seq }) => seq >= from).map(({ data }) => data);
  await new Promise<void>((resolve) => terminal.terminal.write(Buffer.concat(rest), resolve));
  const text = describeTerminal(terminal);
  terminal.terminal.dispose();
  return text;
}
