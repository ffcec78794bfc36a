import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { repositoryRoot } from './paths.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** A quiet editor: nothing that greets, phones home or fills the side bars by itself. */
const quietSettings: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * Writes the user settings of a server's data folder, and those of its machine, which a remote window does not take from
 * the user's; settings that are there already are the user's and stay.
 */
export async function writeSettings(dataFolder: string, settings: Settings = {}): Promise<void> {
  await writeOnce(join(dataFolder, 'data', 'User'), { ...quietSettings, ...settings });
  const properties: Record<string, { scope: string }> = manifest.contributes.configuration.properties;
  const ofMachine = Object.entries(settings).filter(([name]) => properties[name]?.scope === 'machine');
  if (ofMachine.length > 0) await writeOnce(join(dataFolder, 'data', 'Machine'), Object.fromEntries(ofMachine));
}

async function writeOnce(folder: string, settings: Settings): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  await writeFile(join(folder, 'settings.json'), text, { flag: 'wx' }).catch(ignoreExisting);
}

/**
 * Makes an extension under development an installed one, by a link in the extensions folder.
 * The server loads development extensions only with its smoke test driver, which shows no notification toasts.
 */
export async function linkExtension(extensionsFolder: string, extension: string = repositoryRoot): Promise<void> {
  const manifest = JSON.parse(await readFile(join(extension, 'package.json'), 'utf8'));
  const link = join(extensionsFolder, `${manifest.publisher}.${manifest.name}-${manifest.version}`);
  await mkdir(extensionsFolder, { recursive: true });
  await rm(join(extensionsFolder, 'extensions.json'), { force: true });
  await symlink(extension, link, 'junction').catch(ignoreExisting);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
