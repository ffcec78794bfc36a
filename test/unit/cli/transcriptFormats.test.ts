import assert from 'node:assert/strict';
import { TranscriptParser } from '../../../src/cli/transcriptEvents.ts';
import { castFormat, jsonFormat, type TranscriptFormat, textFormat } from '../../../src/cli/transcriptFormats.ts';

const start = 1_700_000_000;
const header = JSON.stringify({ version: 2, width: 80, height: 24, timestamp: start });

async function format(to: TranscriptFormat, ...lines: string[]): Promise<string[]> {
  const parser = new TranscriptParser();
  const made: string[] = [];
  for (const line of lines) {
    const event = parser.parse(line);
    if (event) made.push(...(await to.push(event)));
  }
  return [...made, ...to.end()];
}

describe('a transcript', () => {
  it('is printed as events with their time in UTC', async () => {
    const lines = await format(jsonFormat(), header, '[1.5,"o","hi"]', '[2,"r","100x30"]', '[3,"m","gap"]');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { time: '2023-11-14T22:13:20.000Z', type: 'begin', size: { cols: 80, rows: 24 } },
        { time: '2023-11-14T22:13:21.500Z', type: 'output', text: 'hi' },
        { time: '2023-11-14T22:13:22.000Z', type: 'resize', size: { cols: 100, rows: 30 } },
        { time: '2023-11-14T22:13:23.000Z', type: 'mark', text: 'gap' },
      ],
    );
  });

  it('of a session that was restarted is one recording whose times go on', async () => {
    const second = JSON.stringify({ version: 2, width: 90, height: 20, timestamp: start + 60 });
    assert.deepEqual(await format(castFormat(), header, '[1,"o","a"]', second, '[2.25,"o","b"]'), [
      header,
      '[1,"o","a"]',
      '[60,"r","90x20"]',
      '[62.25,"o","b"]',
    ]);
  });

  it('goes on in the middle of a line where a full file was begun anew', async () => {
    assert.deepEqual(await format(textFormat({ follow: false }), header, '[1,"o","half "]', header, '[2,"o","line"]'), [
      'half line',
    ]);
  });

  it('leaves out lines that are damaged', async () => {
    assert.deepEqual(await format(castFormat(), header, '[1,"o","a"]', '[2,"o","b', 'null', '[3,"x","c"]'), [
      header,
      '[1,"o","a"]',
    ]);
  });

  it('says in its text where the recorder has left something out', async () => {
    assert.deepEqual(await format(textFormat({ follow: false }), header, '[1,"o","a"]', '[2,"m","9 were lost"]'), [
      'a',
      '[9 were lost]',
    ]);
  });
});
