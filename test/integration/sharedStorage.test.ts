import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces, sessionPlaces } from '../../src/node/places.ts';
import { signal } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';
import { helperPid, hostPids, savedNames, useProject } from './support/project.ts';
import { machine, processEnd } from './support/scene.ts';

describe('two windows that have one storage folder', () => {
  const project = useProject();

  it('see and keep each other’s sessions, and each other’s changes', async () => {
    const storage = await project().newFolder('storage');
    const first = await project().open({ storage });
    const second = await project().open({ storage });
    const { record } = await first.create({ name: 'login', command: ['cat'] });
    await second.create({ name: 'shop', command: ['cat'] });
    await second.rename((await known(second, record.id)).id, 'sign-in');
    for (const window of [first, second]) await window.helper.list();
    assert.deepEqual([namesIn(first), namesIn(second)], [names, names]);
    assert.deepEqual((await settledNames(second)).sort(), [...names].sort());
    const third = await project().open({ storage });
    assert.deepEqual(namesIn(third), names);
  });

  it('lose nothing where both save at once and all else is lost after that', async () => {
    const storage = await project().newFolder('storage');
    const windows = [await project().open({ storage }), await project().open({ storage })];
    const made = await Promise.all(
      windows.map((window, number) => window.create({ name: `session-${number}`, command: ['cat'] })),
    );
    await loseStateFolder(windows);
    const reopened = await project().open({ storage });
    assert.deepEqual(
      namesIn(reopened).sort(),
      made.map(({ record }) => record.name),
    );
  });

  const names = ['sign-in', 'shop'];
});

describe('a window with a suffixed storage folder', () => {
  const project = useProject();
  let own: string;
  let first: SessionManager;
  let id: string;

  beforeEach(async () => {
    const storages = await project().newFolder('workspaceStorage');
    const theirs = path.join(storages, '0a1b2c', 'holdfast');
    own = path.join(storages, '0a1b2c-1', 'holdfast');
    first = await project().open({ storage: theirs });
    id = (await first.create({ name: 'login', command: ['cat'] })).record.id;
  });

  it('sees the same sessions as the one without, and both see what either changes', async () => {
    const second = await project().open({ storage: own });
    await second.rename(id, 'sign-in');
    await first.helper.list();
    assert.deepEqual(
      [namesIn(first), namesIn(second), await savedNames(second)],
      [['sign-in'], ['sign-in'], ['sign-in']],
    );
  });

  it('finds the sessions of the other one where all else is gone', async () => {
    await first.rename(id, 'sign-in');
    await loseStateFolder([first]);
    const second = await project().open({ storage: own });
    assert.deepEqual([namesIn(second), second.require(id).status], [['sign-in'], 'idle']);
  });

  it('finds them where no helper can be started either', async () => {
    await first.rename(id, 'sign-in');
    await loseStateFolder([first]);
    const { folder } = repositoryPlaces(machine, first.options.workplace.key);
    // A file in the place of the repository's state keeps every helper from starting.
    await writeFile(folder, '');
    const second = new SessionManager({ ...first.options, storage: own });
    try {
      const { rebuilt } = await second.load();
      await assert.rejects(second.restore());
      const sources = rebuilt?.sessions.map(({ from }) => from.kind);
      assert.deepEqual([namesIn(second), sources], [['sign-in'], ['replica']]);
      await waitFor(
        () => savedNames(second),
        (saved) => saved.includes('sign-in'),
        { what: 'a list of its own' },
      );
    } finally {
      second.dispose();
      await rm(folder);
    }
  });
});

function namesIn(window: SessionManager): string[] {
  return window.list().map(({ name }) => name);
}

/** The window is told of other windows' sessions by the helper. */
async function known(window: SessionManager, id: string) {
  return waitFor(
    async () => window.get(id),
    (record) => record !== undefined,
    { what: 'the session of the other window' },
  ).then((record) => record as NonNullable<typeof record>);
}

async function settledNames(window: SessionManager): Promise<string[]> {
  return waitFor(
    () => savedNames(window),
    (saved) => saved.includes('sign-in') && saved.includes('shop'),
    { what: 'both sessions in the list' },
  );
}

/** The power goes, and with it all that is kept outside of the storages and worktrees. */
async function loseStateFolder(windows: readonly SessionManager[]): Promise<void> {
  const [window] = windows as [SessionManager];
  for (const one of windows) one.dispose();
  const pids = [await helperPid(window), ...(await hostPids(window))];
  for (const pid of pids) signal(pid, 'SIGKILL');
  await Promise.all(pids.map(processEnd));
  const places = repositoryPlaces(machine, window.options.workplace.key);
  // A host that was killed leaves its socket, and nobody will know of it.
  for (const { id } of window.list()) await rm(sessionPlaces(machine, places.key, id).socket, { force: true });
  await rm(places.folder, { recursive: true });
}
