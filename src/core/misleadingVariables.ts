import { isOfSession } from './sessionVariables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Set by a git that runs somebody (a hook, a rebase, a commit's editor); they would point another git at the
 * wrong repository. What the user set with `git -c` stays.
 *
 * @see https://git-scm.com/docs/git-rev-parse#Documentation/git-rev-parse.txt---local-env-vars
 */
export const repositoryVariables: readonly string[] = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** Matches what starts with one of the prefixes, and the names themselves. */
function anyOf(prefixes: readonly string[], names: readonly string[]): RegExp {
  return new RegExp(`^(?:(?:${prefixes.join('|')}).*|${names.join('|')})$`, 's');
}

/**
 * Of the editor's processes, the snap it may come in, and the npm script that may have started it. What users set
 * for Electron's and npm's own sake (`ELECTRON_MIRROR`, `npm_config_registry`) stays.
 *
 * @see VS Code's `sanitizeProcessEnvironment`
 * @see https://docs.npmjs.com/cli/using-npm/scripts#environment
 */
const editorVariables = anyOf(
  ['VSCODE_', 'APPLICATION_INSIGHTS', 'ORIGINAL_XDG', 'SNAP_', 'GDK_PIXBUF_', 'npm_lifecycle_', 'npm_package_'],
  [
    ...['ELECTRON_RUN_AS_NODE', 'ELECTRON_NO_ASAR', 'ELECTRON_NO_ATTACH_CONSOLE', 'ELECTRON_DEFAULT_ERROR_MODE'],
    ...['ELECTRON_ENABLE_LOGGING', 'ELECTRON_ENABLE_STACK_DUMPING', 'CHROME_DESKTOP', 'SNAP'],
    ...['npm_execpath', 'npm_node_execpath', 'npm_command', 'INIT_CWD', 'NODE_CHANNEL_FD'],
  ],
);

/** By which programs tell the terminal they run in, its window or its size; what configures that terminal stays. */
const terminalVariables = anyOf(
  [
    ...['TERM_PROGRAM', 'LC_TERMINAL', 'ITERM_', 'KITTY_(?!CONFIG_DIRECTORY$)', 'WEZTERM_(?!CONFIG_)', 'GHOSTTY_'],
    ...['ALACRITTY_', 'KONSOLE_', 'GNOME_TERMINAL_', 'XTERM_', 'ConEmu'],
  ],
  [
    ...['TMUX', 'TMUX_PANE', 'STY', 'ZELLIJ', 'ZELLIJ_SESSION_NAME', 'ZELLIJ_PANE_ID', 'TERM_SESSION_ID'],
    ...['TERMINAL_EMULATOR', 'WINDOWID', 'COLUMNS', 'LINES', 'COLORFGBG', 'GPG_TTY', 'VTE_VERSION'],
    ...['WT_SESSION', 'WT_PROFILE_ID'],
  ],
);

/** Name programs; where these are the editor's own they do nothing without the editor's other variables. */
const programVariables = new Set(['GIT_ASKPASS', 'SSH_ASKPASS', 'GIT_EDITOR', 'GIT_SEQUENCE_EDITOR', 'BROWSER']);
const editorProgram = /[\\/]extensions[\\/]git[\\/]dist[\\/]|[\\/]bin[\\/]helpers[\\/]browser/;

/** Whether a variable belongs to the processes above a session and would mislead a program in it. */
export function isMisleading(name: string, env: Variables): boolean {
  if (isOfSession(name, env)) return true;
  if (editorVariables.test(name) || terminalVariables.test(name) || repositoryVariables.includes(name)) return true;
  if (name === 'SSH_ASKPASS_REQUIRE') return isEditorProgram(env.SSH_ASKPASS);
  return programVariables.has(name) && isEditorProgram(env[name]);
}

function isEditorProgram(value = ''): boolean {
  return editorProgram.test(value);
}
