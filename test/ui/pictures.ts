import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { collectLeaks } from '../support/leakCheck.ts';
import { repositoryRoot } from '../support/paths.ts';
import { tempDirs } from '../support/tempDirs.ts';
import { beginTestRun } from '../support/testRun.ts';
import type { Workbench } from '../support/workbench/workbench.ts';

/**
 * Takes the README's pictures from a real run on a clone of this project:
 * `node_modules/node/bin/node test/ui/pictures.ts`, after a build.
 */

const run = beginTestRun();
// Loaded only now, because what it imports reads the folders of the run that has just begun.
const { Editor } = await import('../support/editor.ts');

const settings = {
  'workbench.colorTheme': 'Default Dark Modern',
  'editor.minimap.enabled': false,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'typescript.validate.enable': false,
};

const sessions = [
  { name: 'code-review', command: 'git log --graph --stat --color=always | less -R' },
  { name: 'status-watch', command: 'while sleep 1; do clear; git -c color.ui=always status -sb; done' },
  { name: 'parser-fix', command: `PS1='\\[\\e[1;34m\\]parser-fix\\[\\e[0m\\] $ ' bash --norc` },
];

async function takePictures(workbench: Workbench): Promise<void> {
  await openFile(workbench, 'src/host/sessionHost.ts');
  await workbench.tree.show('Holdfast');
  for (const { name, command } of sessions) {
    await workbench.tree.pressTitleAction('New Session');
    await workbench.quickInput.accept(name);
    await workbench.quickInput.entries();
    await workbench.page.keyboard.type(command);
    await workbench.page.getByText('run this command').waitFor();
    if (name === 'code-review') await picture(workbench, 'new-session');
    await workbench.quickInput.accept();
    await workbench.tree.row(name).waitFor();
  }
  await workbench.statusBarItem(`${sessions.length} running`).waitFor();
  await workbench.terminals.waitForText(/\$ ?$/);
  await workbench.terminals.focus('parser-fix');
  await workbench.terminals.type('git log --oneline --color | head -5; ls --color src; touch notes.md\n');
  await workbench.terminals.waitForText(/protocol[^]*\$ ?$/);
  await workbench.tree.row(/^parser-fix.*●1/).waitFor();
  await workbench.page.mouse.move(800, 300);
  await picture(workbench, 'workbench');
}

async function openFile(workbench: Workbench, file: string): Promise<void> {
  await workbench.page.keyboard.press('Control+P');
  await workbench.quickInput.value();
  await workbench.page.keyboard.type(file);
  await workbench.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'sessionHost.ts' }).waitFor();
  await workbench.page.keyboard.press('Enter');
  await workbench.page.locator('.view-lines', { hasText: 'import' }).waitFor();
}

async function picture(workbench: Workbench, name: string): Promise<void> {
  await workbench.page.screenshot({ path: join(repositoryRoot, 'media', `${name}.png`), animations: 'disabled' });
}

const temp = tempDirs();
const editor = new Editor({ settings });
try {
  await editor.start();
  const clone = join(await temp.make('clone'), 'holdfast');
  await promisify(execFile)('git', ['clone', '--quiet', repositoryRoot, clone]);
  await takePictures(await editor.open(clone));
} finally {
  await editor.stop();
  await temp.remove();
}
for (const leak of await collectLeaks(run)) console.error(`Left behind: ${leak}`);
