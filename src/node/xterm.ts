import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';

/** The packages are CommonJS in a form in which Node.js finds no named exports. */
export const { Terminal } = headless;
export const { Unicode11Addon } = unicode11;
