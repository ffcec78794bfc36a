import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { defaultSettings, type SupervisionSettings } from '../../../src/core/supervisionPolicy.ts';
import { KeptSettings } from '../../../src/helper/supervisionSettings.ts';
import { type Log, silentLog } from '../../../src/node/log.ts';
import { useTempDirs } from '../../support/tempDirs.ts';

const wanted: SupervisionSettings = {
  policy: { retry: 'never', memoryLimit: 400 },
  staleAfter: 1,
  archiveAfter: 0,
  archiveKeepDays: 10,
};

describe('the settings that a helper keeps', () => {
  const dirs = useTempDirs();
  const newFile = async () => path.join(await dirs.make(), 'settings.json');
  const load = (file: string, log: Log = silentLog) => KeptSettings.load(file, log);

  it('are the defaults where none were kept', async () => {
    assert.deepEqual((await load(await newFile())).current, defaultSettings);
  });

  const damages: [what: string, content: string][] = [
    ['is cut off', '{"policy":{"retry":"nev'],
    ['is empty', ''],
    ['holds something else', '[1,2,3]'],
    ['holds what makes no sense', '{"policy":{"maxAttempts":-1},"staleAfter":5,"archiveAfter":60}'],
  ];
  for (const [what, content] of damages) {
    it(`are the defaults where their file ${what}`, async () => {
      const file = await newFile();
      await writeFile(file, content);
      assert.deepEqual((await load(file)).current, defaultSettings);
    });
  }

  it('hold for the next helper', async () => {
    const file = await newFile();
    await (await load(file)).set(wanted);
    assert.deepEqual((await load(file)).current, wanted);
  });

  it('hold for this one also where they cannot be kept, which is logged', async () => {
    const file = await newFile();
    await mkdir(file);
    const warnings: string[] = [];
    const settings = await load(file, { ...silentLog, warn: (message) => warnings.push(message) });
    await settings.set(wanted);
    assert.deepEqual([settings.current, warnings], [wanted, ['The settings could not be kept for the next helper']]);
  });
});
