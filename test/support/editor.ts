import type { Browser } from 'playwright-core';
import { launchBrowser, newContext } from './browser.ts';
import { editorEnvironment } from './editorEnvironment.ts';
import { endSessions } from './endSessions.ts';
import { findMarked } from './markedProcesses.ts';
import { makeRepository, type RepositoryOptions } from './repository.ts';
import { linkExtension, type Settings, writeSettings } from './serverProfile.ts';
import { tempDirs } from './tempDirs.ts';
import { currentTestRun } from './testRun.ts';
import { extensionsFolder, VscodeServer } from './vscodeServer.ts';
import { Workbench } from './workbench/workbench.ts';

export interface EditorOptions {
  /** On top of the quiet ones. */
  readonly settings?: Settings;
  readonly env?: NodeJS.ProcessEnv;
  readonly repository?: RepositoryOptions;
  /** Seconds that an extension host outlives its page. */
  readonly reconnectionGraceTime?: number;
  /** The extension that is installed; this project's own if left out. */
  readonly extension?: string;
}

/** Terminals as rows of text rather than pictures, their tabs shown even where there is only one, and the same shell everywhere. */
const testSettings: Settings = {
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.tabs.hideCondition': 'never',
  'terminal.integrated.defaultProfile.osx': 'bash',
};

/** A VS Code server with the extension installed, a browser to look at it, and a git repository to open. */
export class Editor {
  readonly #options: EditorOptions;
  readonly #temp = tempDirs();
  #server: VscodeServer | undefined;
  #browser: Browser | undefined;
  #dataFolder = '';
  #repository = '';

  constructor(options: EditorOptions) {
    this.#options = options;
  }

  /** The path of the repository that windows open by default. */
  get repository(): string {
    return this.#repository;
  }

  get server(): VscodeServer {
    if (!this.#server) throw new Error('The editor has not been started.');
    return this.#server;
  }

  /** Where the server keeps settings, logs and workspace storage. */
  get dataFolder(): string {
    return this.#dataFolder;
  }

  async start(): Promise<void> {
    const { repository, settings, extension } = this.#options;
    this.#repository = await makeRepository(await this.#temp.make('repository'), repository);
    this.#dataFolder = await this.#temp.make('editor');
    await writeSettings(this.#dataFolder, { ...testSettings, ...settings });
    await linkExtension(extensionsFolder(this.#dataFolder), extension);
    await this.startServer();
    this.#browser = await launchBrowser();
  }

  /** Starts the server; a test that stopped it to see what a restart keeps calls this again, for the same address. */
  async startServer(): Promise<void> {
    const { env, reconnectionGraceTime } = this.#options;
    this.#server = await VscodeServer.start({
      dataFolder: this.#dataFolder,
      env: { ...(await editorEnvironment(currentTestRun())), ...env },
      ...(this.#server ? { port: this.#server.port } : {}),
      ...(reconnectionGraceTime ? { reconnectionGraceTime } : {}),
    });
  }

  /** Opens a window of its own, as another browser would, on the repository, another folder or a `.code-workspace` file. */
  async open(place: string = this.#repository): Promise<Workbench> {
    if (!this.#browser) throw new Error('The editor has not been started.');
    const context = await newContext(this.#browser);
    return Workbench.open(context, this.server.url(place));
  }

  /** Kills the browser with all its windows, and starts another with an empty profile. */
  async killBrowser(): Promise<void> {
    const processes = await findMarked(`HOLDFAST_TEST_RUN=${currentTestRun().id}`);
    const browsers = processes.filter(
      ({ command }) => command.includes('--headless=shell') && !command.includes('--type='),
    );
    const gone = new Promise((resolve) => this.#browser?.once('disconnected', resolve));
    for (const { pid } of browsers) process.kill(pid, 'SIGKILL');
    await gone;
    this.#browser = await launchBrowser();
  }

  /** Keeps a picture of every open window. */
  async screenshots(name: string): Promise<void> {
    const pages = this.#browser?.contexts().flatMap((context) => context.pages()) ?? [];
    for (const [index, page] of pages.entries()) await new Workbench(page).screenshot(`${name}-${index + 1}`);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.stop();
    await endSessions();
    await this.#temp.remove();
  }
}

/** An editor for the surrounding suite: started before it, stopped after it, pictured when a test fails. */
export function useEditor(options: EditorOptions = {}): Editor {
  const editor = new Editor(options);
  before(async function () {
    this.timeout(10 * 60_000);
    await editor.start();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor.screenshots(pictureName(this.currentTest.fullTitle()));
  });
  after(() => editor.stop());
  return editor;
}

function pictureName(title: string): string {
  return `failed-${title
    .replace(/[^a-z0-9]+/gi, '-')
    .toLowerCase()
    .slice(0, 80)}`;
}
