import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openCheckpoint, serializeCheckpoint } from '../../../src/core/checkpointDocument.ts';
import { sealed } from '../../../src/core/checksum.ts';
import { serializeRecord } from '../../../src/core/recordDocument.ts';
import { checkpointOf } from '../checkpoints.ts';
import { aRecord } from '../records.ts';

describe('the text of a checkpoint', () => {
  const checkpoint = checkpointOf({ text: 'ü 日 \x1b[31m', record: JSON.parse(serializeRecord(aRecord())) });
  const text = serializeCheckpoint(checkpoint);

  it('gives the checkpoint back, with what the record’s file held', () => {
    assert.deepEqual(openCheckpoint(text), { state: 'sound', checkpoint });
  });

  it('is never taken for whole where a bit of it has flipped', () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.nat(7), (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] as number) ^ (1 << bit);
        const opened = openCheckpoint(flipped.toString('utf8'));
        // Blanks between the fields are no content.
        if (opened.state === 'sound') assert.deepEqual(opened.checkpoint, checkpoint);
        else assert.equal(opened.state, 'damaged');
      }),
    );
  });

  const { screen, ...without } = checkpoint;
  const seal = (fields: object) => JSON.stringify(sealed({ sha256: '' as const, ...fields }));
  const cases: [what: string, text: string, opened: object][] = [
    ['nothing', '', { state: 'damaged', reason: 'it is empty' }],
    ['a part of it', text.slice(0, 100), { state: 'damaged', reason: 'it is not whole JSON' }],
    ['something else', '{"sessions":[]}', { state: 'damaged', reason: 'it is no checkpoint' }],
    ['null', 'null', { state: 'damaged', reason: 'it is no checkpoint' }],
    ['one of a newer version', seal({ format: 2, screen: 'other' }), { state: 'newer', version: 'format 2' }],
    [
      'one without a screen',
      seal({ format: 1, ...without }),
      { state: 'damaged', reason: 'screen: Invalid key: Expected "screen" but received undefined' },
    ],
  ];
  for (const [what, content, opened] of cases) {
    it(`is told from ${what}`, () => assert.deepEqual(openCheckpoint(content), opened));
  }
});
