import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { findLosses } from '../support/nothingLost.ts';
import { Stage } from '../support/stage.ts';

describeOnUnix('what is asserted after each fault', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.make();
  });
  after(() => stage.dispose());

  it('names every session, byte, command and record that is not as promised', async () => {
    const [stopped, torn] = [await stage.numbers(), await stage.numbers()];
    await stage.client.stop(stopped.id, 0);
    await appendFile(torn.trace, '1\n');
    await withoutSomeLines(torn.places.transcript);
    stage.ledger.note({ ...torn.record, revision: 1_000 });
    const idle = await stage.client.create(stage.scene.record(), null);
    await stage.client.update(idle, () => ({ status: 'active' }));
    const losses = await findLosses(stage.scene, stage, 0);
    const found = Object.values(losses).map((sentences) => sentences.map((text: string) => named(text)).sort());
    assert.deepEqual(found, [
      ['… its host, process N, is gone', '… its program, process N, is gone'],
      [
        '… N bytes are recorded, N were printed',
        '… N follows N',
        '… its host does not answer',
        '… its terminal was shown other bytes at N',
        '… who attaches anew gets other bytes than were recorded',
      ],
      ['… is at revision N; N was acknowledged', '… was started N times; N were acknowledged'],
      ['… is active, process none; its host does not live'],
    ]);
  });
});

/** As if it had not all been written. */
async function withoutSomeLines(transcript: string): Promise<void> {
  const read = () => readFile(transcript, 'utf8').catch(() => '');
  const lines = (await waitFor(read, (text) => text.split('\n').length > 10)).split('\n');
  await writeFile(transcript, [...lines.slice(0, 3), ...lines.slice(5)].join('\n'));
}

function named(sentence: string): string {
  return sentence.replace(/“.*?”:?/, '…').replaceAll(/\d+/g, 'N');
}
