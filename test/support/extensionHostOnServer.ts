import type { Page } from 'playwright-core';
import { launchBrowser, newContext } from './browser.ts';
import type { ExtensionHostJob } from './extensionHostRunner.ts';
import { reportMark } from './reportMark.ts';
import { writeSettings } from './serverProfile.ts';
import { VscodeServer } from './vscodeServer.ts';

/** Runs a suite in the extension host of the embedded server, with a browser as its window. */
export async function runOnServer(job: ExtensionHostJob): Promise<void> {
  await writeSettings(job.dataFolder);
  const server = await VscodeServer.start({ dataFolder: job.dataFolder, env: job.env, smokeTestDriver: true });
  try {
    const browser = await launchBrowser();
    try {
      const page = await (await newContext(browser)).newPage();
      await runInPage(page, server, job);
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
}

async function runInPage(page: Page, server: VscodeServer, job: ExtensionHostJob): Promise<void> {
  const log: string[] = [];
  await page.exposeFunction('codeAutomationLog', (type: string, args: readonly unknown[]) => {
    const line = args.join(' ');
    if (line.startsWith(reportMark)) console.log(line.slice(reportMark.length));
    else log.push(`[${type}] ${line}`);
  });
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`${reason} Its last messages:\n${log.slice(-20).join('\n')}`));
    const late = setTimeout(() => fail(`The suite took over ${job.deadline} ms.`), job.deadline);
    page.once('close', () => clearTimeout(late));
    page.once('crash', () => fail('The browser page crashed.'));
    server.onExit(() => fail('The VS Code server ended.'));
    // The page calls this name itself, as it does for VS Code's own tests.
    page.exposeFunction('codeAutomationExit', () => resolve()).catch(reject);
  });
  await Promise.all([page.goto(address(server, job)), ended]);
}

function address(server: VscodeServer, job: ExtensionHostJob): string {
  return server.url(job.workspace, [
    ['extensionDevelopmentPath', server.remoteUri(job.extension)],
    ['extensionTestsPath', server.remoteUri(job.suite)],
    ['skipWelcome', 'true'],
  ]);
}
