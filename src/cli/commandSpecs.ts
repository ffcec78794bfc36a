/** What each command is called, takes and does: the one source for parsing and for help. */
export interface CommandSpec {
  /** Whether the command takes a session's name. */
  parameter: 'none' | 'optional' | 'required';
  options: readonly OptionName[];
  /** One line for the list of commands. */
  summary: string;
  /** What help says below the usage. */
  details: string;
}

export const optionTexts = {
  json: ['--json', 'Print JSON; an error is then JSON on standard error.'],
  lines: ['-n, --lines N', 'Only the last N lines; with --json, the last N events.'],
  follow: ['-f, --follow', 'Go on printing until the session ends.'],
  raw: ['--raw', 'The recording itself, as one asciicast v2 file.'],
  host: ['--host', 'The log of the session’s host instead: what Holdfast did, not what was shown.'],
} as const;
export type OptionName = keyof typeof optionTexts;

export const commandSpecs = {
  ls: {
    parameter: 'none',
    options: ['json'],
    summary: 'List the sessions of this repository.',
    details: 'Works in any folder of the repository and in every session’s worktree.',
  },
  status: {
    parameter: 'optional',
    options: ['json'],
    summary: 'Show the helper, or everything about one session.',
    details: 'Without a name: the repository, its helper, and how many sessions are in which state.',
  },
  attach: {
    parameter: 'required',
    options: [],
    summary: 'Use a session in this terminal.',
    details: [
      'The session shows up in this terminal as it is, scrollback included, beside any window that shows it too.',
      'A session that does not run shows its last screen.',
      '',
      'Keys:',
      '  Ctrl+\\ d        Detach; the session runs on. Closing the terminal does the same.',
      '  Ctrl+\\ Ctrl+\\   Send one Ctrl+\\ to the program.',
      '',
      'Ends with the exit code of the session, 128 + N where signal N ended it, 0 after detaching or when told to',
      'go (SIGHUP, SIGINT, SIGTERM), and 1 where the session’s host cannot be reached.',
    ].join('\n'),
  },
  stop: {
    parameter: 'required',
    options: ['json'],
    summary: 'End a session’s process; its worktree stays.',
    details:
      'The process is hung up, and killed where it has not ended 5 seconds later.\nTakes the whole name, or at least 8 characters of the id.',
  },
  logs: {
    parameter: 'required',
    options: ['lines', 'follow', 'raw', 'host', 'json'],
    summary: 'Print what a session has shown.',
    details: 'The transcript as plain text; what full-screen programs drew is left out.',
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof commandSpecs;

export const commandNames = Object.keys(commandSpecs) as CommandName[];

export function commandSpec(name: CommandName): CommandSpec {
  return commandSpecs[name];
}
