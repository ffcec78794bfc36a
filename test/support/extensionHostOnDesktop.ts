import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { cleanEnvironment } from './environment.ts';
import type { ExtensionHostJob } from './extensionHostRunner.ts';
import { cacheDir } from './paths.ts';
import { pins } from './pins.ts';
import { writeSettings } from './serverProfile.ts';

/** Runs a suite in the extension host of desktop VS Code, which is downloaded into the cache on first use. */
export async function runOnDesktop(job: ExtensionHostJob): Promise<void> {
  const userData = join(job.dataFolder, 'data');
  await writeSettings(job.dataFolder);
  await runTests({
    version: pins.desktop,
    cachePath: join(cacheDir(), 'desktop'),
    extensionDevelopmentPath: job.extension,
    extensionTestsPath: job.suite,
    extensionTestsEnv: { ...cleanEnvironment(), ...job.env },
    launchArgs: [
      job.workspace,
      `--user-data-dir=${userData}`,
      `--extensions-dir=${join(job.dataFolder, 'extensions')}`,
      '--disable-workspace-trust',
      '--skip-welcome',
      '--disable-telemetry',
    ],
  });
}
