import { readFile } from 'node:fs/promises';
import { previousTranscript } from '../../../src/node/places.ts';
import type { Scene } from '../../integration/support/scene.ts';
import { waitFor } from '../../support/waitFor.ts';
import type { NumberedSession } from './numberedSession.ts';

/** How much of what was printed last a client that attaches is given byte by byte, not as a screen; bytes. */
const recent = 200 * 1024;

/** One sentence for each place where the session's output is missing or doubled, wherever it can be seen. */
export async function outputLosses(scene: Scene, session: NumberedSession): Promise<string[]> {
  const name = `“${session.record.name}”`;
  const host = await scene.connectHost(session).catch(() => undefined);
  if (!host) return [`${name}: its host does not answer`];
  try {
    host.input(Buffer.from('hush\n'));
    const whole = await recorded(session);
    const { seq } = await host.status();
    const start = seq - whole.length;
    return [
      ...numberLosses(whole).map((loss) => `${name}: ${loss}`),
      ...(start === 0 || session.starts > 1
        ? []
        : [`${name}: ${whole.length} bytes are recorded, ${seq} were printed`]),
      ...watchedLosses(session, whole, start).map((loss) => `${name}: ${loss}`),
      ...((await replayed(scene, session, { start, end: seq })) === whole.slice(-recent)
        ? []
        : [`${name}: who attaches anew gets other bytes than were recorded`]),
    ];
  } finally {
    host.dispose();
  }
}

/** All that was printed in this life, as its transcript has it, once that holds the last of it. */
function recorded(session: NumberedSession): Promise<string> {
  const read = () => recordedOutput(session);
  const what = `“${session.record.name}” to be quiet`;
  return waitFor(read, (text) => /hushed after \d+\r\n$/.test(text), { what }).catch(read);
}

/** What the session's transcript has of its output: as much as two files hold. */
export async function recordedOutput({ places }: Pick<NumberedSession, 'places'>): Promise<string> {
  const files = [previousTranscript(places.transcript), places.transcript];
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return outputOf(texts.flatMap((text) => text.split('\n').slice(1, -1)));
}

/** Lives are set apart by a marker. */
function outputOf(lines: readonly string[]): string {
  const events = lines.map((line) => JSON.parse(line) as [number, string, string]);
  const life = events.slice(events.findLastIndex(([, type]) => type === 'm') + 1);
  return life.reduce((text, [, type, data]) => (type === 'o' ? text + data : text), '');
}

function numberLosses(text: string): string[] {
  const numbers = [...text.matchAll(/line (\d{7})\r\n/g)].map(([, number]) => Number(number));
  const wrong = numbers.findIndex((number, index) => number !== index + 1);
  const last = Number(text.match(/hushed after (\d+)\r\n$/)?.[1] ?? -1);
  if (wrong >= 0) return [`${numbers[wrong]} follows ${numbers[wrong - 1] ?? 'the beginning'}`];
  return last === numbers.length && last > 0
    ? []
    : [`it ends with ${numbers.length}; the program printed up to ${last}`];
}

/** What its terminal was shown: each piece is what was printed there, and follows the one before or a fresh screen. */
function watchedLosses({ terminal }: NumberedSession, whole: string, start: number): string[] {
  const [first] = terminal.pieces;
  let next = first?.seq ?? 0;
  for (const { seq, data } of terminal.pieces) {
    const hasScreen = terminal.screenSeqs.includes(seq);
    if (seq !== next && !hasScreen) return [`its terminal was shown byte ${seq} after byte ${next}`];
    if (data.toString('latin1') !== whole.slice(seq - start, seq - start + data.length))
      return [`its terminal was shown other bytes at ${seq}`];
    next = seq + data.length;
  }
  return [];
}

/** The last of what was printed, as a client gets it that attaches now. */
async function replayed(
  scene: Scene,
  session: NumberedSession,
  { start, end }: { start: number; end: number },
): Promise<string> {
  const host = await scene.connectHost(session);
  let text = '';
  host.onOutput(({ seq: at, data }) => {
    text += data.toString('latin1');
    host.acknowledge(at + data.length);
  });
  const from = Math.max(start, end - recent);
  try {
    await host.attach({ cols: 80, rows: 24, from });
    await waitFor(
      () => text.length,
      (length) => length >= end - from,
      { what: 'the output again' },
    );
    return text;
  } finally {
    host.dispose();
  }
}
