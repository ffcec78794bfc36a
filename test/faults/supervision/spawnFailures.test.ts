import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { HoldfastError } from '../../../src/base/errors.ts';
import { isRunning } from '../../../src/core/sessionRecord.ts';
import { describeOnUnix } from '../../support/unix.ts';
import { waitFor } from '../../support/waitFor.ts';
import { numbersCommand } from '../support/numberedSession.ts';
import { itLosesNothing, itLosesNothingOnLinux, type Stage } from '../support/stage.ts';

describeOnUnix('a program that cannot be started', () => {
  const programs: [what: string, prepare: (stage: Stage) => Promise<string>][] = [
    ['there is none (ENOENT)', async () => '/no/such/program'],
    ['it may not be run (EACCES)', (stage) => newProgram(stage)],
  ];
  for (const [what, prepare] of programs) {
    itLosesNothing(`fails once, and its session says so: ${what}`, async (stage) => {
      await stage.numbers();
      const { id } = await stage.start([await prepare(stage)]);
      const read = async () => (await stage.client.list()).records.find((record) => record.id === id);
      const record = await waitFor(read, (current) => current !== undefined && !isRunning(current));
      assert.deepEqual([record?.status, record?.exit?.reason, await hostsStarted(stage, id)], ['failed', 'exit', 1]);
    });
  }
});

describe('a helper that runs out of descriptors (EMFILE)', () => {
  const limits: [what: string, limit: (helper: number) => Promise<number>][] = [
    ['none is left', async () => 0],
    ['too few are left for a process', openDescriptors],
  ];
  for (const [what, limit] of limits) {
    itLosesNothingOnLinux(`says so, starts nothing, and starts it once there are some again: ${what}`, (stage) =>
      startsOnceThereAreDescriptors(stage, limit),
    );
  }
});

/** Which of them it is depends on what needs the descriptor that is not there. */
const startErrors: ReadonlySet<string> = new Set(['HOST_START_FAILED', 'STORAGE_NOT_WRITABLE']);

async function startsOnceThereAreDescriptors(stage: Stage, limit: (helper: number) => Promise<number>): Promise<void> {
  const session = await stage.numbers();
  const trace = path.join(await stage.newFolder('trace'), 'starts');
  const helper = await stage.scene.helperPid();
  const { id } = stage.ledger.note(await stage.client.create(stage.scene.record(), null));
  const launch = stage.scene.launch(id, numbersCommand(trace));
  await limitDescriptors(helper, await limit(helper));
  const error: HoldfastError = await stage.client.start(launch).catch((reason) => reason);
  await limitDescriptors(helper, 1_024);
  const started = [await hostsStarted(stage, id), await stage.scene.helperPid()];
  await stage.watch(await stage.client.start(launch), trace);
  await stage.ledger.change(stage.client, session);
  assert.match(error.message, /too many files are open/i);
  assert.deepEqual([startErrors.has(error.code), ...started], [true, 0, helper]);
}

async function newProgram(stage: Stage): Promise<string> {
  const file = path.join(await stage.newFolder('program'), 'program');
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o600);
  return file;
}

/** How many hosts a session has had, by their own log. */
async function hostsStarted({ scene }: Stage, id: string): Promise<number> {
  const log = await readFile(scene.session(id).log, 'utf8').catch(() => '');
  return [...log.matchAll(/Session host started/g)].length;
}

async function openDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function limitDescriptors(pid: number, limit: number): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
}
