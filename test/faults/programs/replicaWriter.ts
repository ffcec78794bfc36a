import { delay } from '../../../src/base/async.ts';
import { RecordStore } from '../../../src/client/recordStore.ts';
import { mergeRecords } from '../../../src/core/mergeRecords.ts';
import { revise } from '../../../src/core/sessionRecord.ts';
import type { SessionRecord } from '../../../src/protocol/sessionRecord.ts';

/*
 * `replicaWriter.ts FOLDER KEY RECORD`: raises the revision of one session in the list again and again, and sends
 * each revision once it is saved.
 */
const [folder = '', key = '', text = ''] = process.argv.slice(2);
const first: SessionRecord = JSON.parse(text);
let records = new Map<string, SessionRecord>();

const store = new RecordStore({
  folder,
  key,
  root: folder,
  records: () => [...records.values()],
  merge: (others) => {
    records = mergeRecords(records.values(), others);
  },
});

const { records: loaded, notice } = await store.load();
process.send?.({ notice: notice ?? null });
records = mergeRecords(loaded);
// The parent kills this process at a moment of its own.
for (;;) {
  await delay(Math.random() * 5);
  const record = revise(records.get(first.id) ?? first, {});
  records.set(record.id, record);
  await store.save();
  process.send?.({ saved: record.revision });
}
