import { waitFor } from '../../support/waitFor.ts';
import type { Workbench } from '../../support/workbench/workbench.ts';

/**
 * Waits until the browser has stored which session terminals are open and which is in front. VS Code writes that a
 * moment later and does not wait for it when the page goes.
 */
export async function untilLayoutStored(workbench: Workbench): Promise<void> {
  const shown = async () => {
    const names = await workbench.terminals.names();
    return { count: names.length, front: names.indexOf(await workbench.terminals.active()) };
  };
  const isStored = async () => {
    const [now, stored] = [await shown(), await workbench.page.evaluate(readLayout)];
    return stored?.open.length === now.count && stored.open.indexOf(stored.active ?? '') === now.front;
  };
  await waitFor(isStored, Boolean, { what: 'the stored layout of the terminals' });
}

interface StoredLayout {
  readonly open: readonly string[];
  readonly active?: string;
}

/** What the page has of https://www.w3.org/TR/IndexedDB/ and is used below. */
interface DatabaseRequest<T> {
  result: T;
  error: unknown;
  onsuccess: () => void;
  onerror: () => void;
}

interface Database {
  transaction(store: string): { objectStore(name: string): { get(key: string): DatabaseRequest<string | undefined> } };
  close(): void;
}

declare const indexedDB: {
  databases(): Promise<{ name?: string }[]>;
  open(name: string): DatabaseRequest<Database>;
};

/** Runs in the page. */
async function readLayout(): Promise<StoredLayout | undefined> {
  const settled = <T>(request: DatabaseRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name = '' } of await indexedDB.databases()) {
    if (!name.startsWith('vscode-web-state-db-')) continue;
    const database = await settled(indexedDB.open(name));
    const state = await settled(database.transaction('ItemTable').objectStore('ItemTable').get('holdfast.holdfast'));
    database.close();
    const layout = state && JSON.parse(state)['holdfast.terminals'];
    if (layout) return layout;
  }
  return undefined;
}
