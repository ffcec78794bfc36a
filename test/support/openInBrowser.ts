import { spawn } from 'node:child_process';

/** Opens an address in the user's browser and tells whether there is a screen to do so. */
export function openInBrowser(url: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const opener = openerFor(url, env);
  if (!opener) return false;
  const child = spawn(opener.command, opener.args, { detached: true, stdio: 'ignore' });
  // Without an opener the printed address is still there to be followed by hand.
  child.once('error', () => {});
  child.unref();
  return true;
}

function openerFor(url: string, env: NodeJS.ProcessEnv): { command: string; args: string[] } | undefined {
  if (process.platform === 'darwin') return { command: 'open', args: [url] };
  if (process.platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler', url] };
  return env.DISPLAY || env.WAYLAND_DISPLAY ? { command: 'xdg-open', args: [url] } : undefined;
}
