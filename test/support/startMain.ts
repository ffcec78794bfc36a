import { join } from 'node:path';
import { repositoryRoot } from './paths.ts';
import { findDesktopEditor, openDesktop } from './startDesktop.ts';
import { chooseFolder, stateFolder } from './startFolder.ts';
import { openServer } from './startServer.ts';

try {
  const folder = await chooseFolder(process.argv[2]);
  const desktop = process.env.HOLDFAST_EDITOR === 'server' ? undefined : findDesktopEditor();
  const dataFolder = await stateFolder(folder);
  // From before the editor starts, so that none is left behind by an interruption meanwhile.
  const stopped = stopSignal();
  const editor = await (desktop ? openDesktop(desktop, folder, dataFolder) : openServer(folder, dataFolder));
  await Promise.race([editor.ended, stopped]);
  await editor.stop();
  console.log(farewell(folder));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
  });
}

function farewell(folder: string): string {
  const cli = join(repositoryRoot, 'dist', 'cli.js');
  return `
The editor has ended. Sessions that were running keep running. To get back to them, start it again, or:

  cd ${quoted(folder)} && node ${quoted(cli)} ls`;
}

/** For a shell to take as one word. */
function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`;
}
