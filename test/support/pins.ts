/** Exact versions of what is too big to be a dependency of the project and is fetched into the cache when needed. */
export const pins = {
  /** Ships VS Code 1.139, its server and its workbench. */
  codeServer: '4.139.1',
  /** A headless Chromium for Linux x64, used only where no browser is installed. */
  chromium: '153.0.0',
  /** The desktop VS Code that the extension suite runs in. */
  desktop: '1.139.1',
} as const;
