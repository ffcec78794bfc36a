/** node-pty ships no types for its loader of native modules. */
declare module 'node-pty/lib/utils.js' {
  /** @throws where the package holds no binary for this platform and processor. */
  export function loadNativeModule(name: string): { dir: string; module: unknown };
}
