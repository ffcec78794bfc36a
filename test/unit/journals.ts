import { JournalReader } from '../../src/node/journalReader.ts';
import type { SessionEvent } from '../../src/protocol/sessionEvent.ts';

/** An event that says which one it is, in characters of one to four bytes. */
export function anEvent(name: string): SessionEvent {
  return { at: '2026-01-01T00:00:00.000Z', type: 'created', name: `${name} é ⌁ 🙂`, template: 'shell' };
}

/** What {@link anEvent} was given, or the type, of all events of a journal; and how many records are damaged. */
export async function readNames(folder: string): Promise<{ names: string[]; damaged: number }> {
  const reader = new JournalReader(folder);
  const names: string[] = [];
  for await (const event of reader.read()) {
    names.push(event.type === 'created' ? String(event.name).replace(/ é ⌁ 🙂$/, '') : event.type);
  }
  return { names, damaged: reader.damaged };
}
