import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { SessionManager } from '../../src/client/sessionManager.ts';
import { repositoryPlaces } from '../../src/node/places.ts';
import { signal } from '../support/processes.ts';
import { helperPid, type Project, type Traces, useProject } from './support/project.ts';
import { isRunningProcess, machine } from './support/scene.ts';

/** Whether the creation of a session has come so far. */
type Moment = (window: SessionManager, project: Project) => boolean;

const moments: [what: string, moment: Moment][] = [
  ['before it hears of it', () => true],
  ['once the record is registered', (window) => hasSessionFile(window, 'record.json')],
  ['once the worktree is there', (_, { folder }) => existsSync(path.join(folder, '.worktrees'))],
  ['once the session host is about to start', (window) => hasSessionFile(window, 'launch.json')],
  ['once the session host has its lock', (window) => hasSessionFile(window, 'host.lock')],
  ['once the session host runs', (window) => hasSessionFile(window, 'host.json')],
];

describe('a helper that is killed while a session is created', () => {
  const project = useProject();

  for (const [what, moment] of moments) {
    it(`leaves a whole session or nothing: ${what}`, async () => {
      const window = await project().open();
      await window.helper.connect();
      const pid = await helperPid(window);
      const attempt = window.create({ name: 'login', command: ['cat'] });
      while (!moment(window, project())) await setImmediate();
      signal(pid, 'SIGKILL');
      await attempt.catch(() => undefined);
      const found = await project().traces(window);
      assert.deepEqual(await summary(window, found), found.sessions.length > 0 ? whole : nothing);
    });
  }
});

const nothing = {
  sessions: [],
  running: 0,
  saved: 0,
  hosts: 0,
  branches: 1,
  worktrees: 1,
  folders: 0,
  status: '## main',
};

const whole = {
  sessions: ['login active'],
  running: 1,
  saved: 1,
  hosts: 1,
  branches: 2,
  worktrees: 2,
  folders: 1,
  status: '## main',
};

/** How much there is of each part of a session. */
async function summary(window: SessionManager, { saved, hosts, branches, worktrees, folders, status }: Traces) {
  const records = window.list();
  const running = await Promise.all(records.map(({ ptyPid = 0 }) => isRunningProcess(ptyPid)));
  return {
    sessions: records.map((record) => `${record.name} ${record.status}`),
    running: running.filter(Boolean).length,
    saved: saved.length,
    hosts,
    branches: branches.length,
    worktrees: worktrees.length,
    folders: folders.length,
    status,
  };
}

function hasSessionFile(window: SessionManager, name: string): boolean {
  const { sessionsFolder } = repositoryPlaces(machine, window.options.workplace.key);
  if (!existsSync(sessionsFolder)) return false;
  return readdirSync(sessionsFolder).some((id) => existsSync(path.join(sessionsFolder, id, name)));
}
