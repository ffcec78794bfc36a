import { findDesktopEditor, openDesktop } from './startDesktop.ts';
import { chooseFolder, stateFolder } from './startFolder.ts';
import { openServer } from './startServer.ts';

const farewell = `
The editor has ended. Sessions that were running keep running.
To get back to them: npm start (with the same folder), or holdfast ls in a terminal.`;

try {
  const folder = await chooseFolder(process.argv[2]);
  const desktop = process.env.HOLDFAST_EDITOR === 'server' ? undefined : findDesktopEditor();
  const dataFolder = await stateFolder(folder);
  const editor = await (desktop ? openDesktop(desktop, folder, dataFolder) : openServer(folder, dataFolder));
  await Promise.race([editor.ended, stopSignal()]);
  await editor.stop();
  console.log(farewell);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
  });
}
