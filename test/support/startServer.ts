import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openInBrowser } from './openInBrowser.ts';
import type { RunningEditor } from './runningEditor.ts';
import { linkExtension, writeSettings } from './serverProfile.ts';
import { extensionsFolder, VscodeServer } from './vscodeServer.ts';

/** Opens a folder in the embedded VS Code server and shows it in a browser, if there is one. */
export async function openServer(folder: string, dataFolder: string): Promise<RunningEditor> {
  await writeSettings(dataFolder);
  await linkExtension(extensionsFolder(dataFolder));
  const server = await VscodeServer.start({ dataFolder, port: await lastPort(dataFolder) });
  await writeFile(join(dataFolder, 'port'), String(server.port));
  const url = server.url(folder);
  const opened = openInBrowser(url);
  console.log(`\nVS Code with Holdfast, on ${folder}:\n\n  ${url}\n`);
  console.log(opened ? 'It should open in your browser now.' : 'Open this address in a browser on this machine.');
  console.log('Ctrl+C ends it.');
  const ended = new Promise<void>((resolve) => server.onExit(resolve));
  return { ended, stop: () => server.stop() };
}

/** A browser keeps the layout of the window under the address, so the port is kept as long as nobody else took it. */
async function lastPort(dataFolder: string): Promise<number> {
  const memory = join(dataFolder, 'port');
  const port = existsSync(memory) ? Number(await readFile(memory, 'utf8')) : 0;
  return (await isFree(port)) ? port : 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
