import type { CommandLineSpec, CommandTable, OptionTable, OptionValues, RunnableCommand } from './commandLineSpec.ts';

/** All options, in the order in which help lists them. */
const optionSpecs = {
  lines: { short: 'n', value: 'N', counts: 'lines', text: 'Only the last N lines; with --json, the last N events.' },
  follow: { short: 'f', text: 'Go on printing until the session ends.' },
  raw: { text: 'The recording itself, as one asciicast v2 file.' },
  host: { text: 'The log of the session’s host instead: what Holdfast did, not what was shown.' },
  note: { value: 'TEXT', text: 'A note to find it by.' },
  start: { text: 'Start its command, too.' },
  noStart: { text: 'Leave its command to be started later.' },
  output: { short: 'o', value: 'FILE', text: 'Write to FILE.' },
  withEnv: { text: 'Write the values of the sessions’ variables, too, which may be secret.' },
  force: { text: 'Replace FILE where it exists.' },
  all: { text: 'All sessions, for “ls” archived ones too.' },
  message: { short: 'm', value: 'TEXT', text: 'The commit’s message; of “report”, what it waits for or has done.' },
  into: { value: 'BRANCH', text: 'The local branch to merge into, instead of the session’s base.' },
  squash: { text: 'One commit with all changes, instead of a merge commit.' },
  rebase: { text: 'The session’s own commits on top, instead of a merge commit.' },
  remote: { value: 'NAME', text: 'The remote to push to.' },
  olderThan: {
    value: 'DAYS',
    counts: 'days',
    isFraction: true,
    text: 'Only sessions that ended more than DAYS days ago.',
  },
  set: { value: 'FIELD=VALUE', isRepeated: true, text: 'What it has of its own from now on; may be repeated.' },
  unset: { value: 'FIELD', isRepeated: true, text: 'The settings apply again; may be repeated.' },
  runSetup: { text: 'Run the setup of its worktree first, also where it has succeeded before.' },
  skipSetup: { text: 'Leave that out, also where it has failed.' },
  acceptBranch: { text: 'The session goes on with the branch that is checked out.' },
  switchBack: { text: 'Check out the session’s branch again.' },
  recreate: { text: 'Make a worktree again that is gone.' },
  at: { value: 'PATH', text: 'The worktree was moved to PATH.' },
  dryRun: { text: 'Only tell what would be done.' },
  salvage: { text: 'Take what is sound from a damaged file.' },
  fix: { text: 'Do the repairs that lose nothing and end no process, and look again.' },
  json: { text: 'Print JSON; an error is then JSON on standard error.' },
} as const satisfies OptionTable;

type OptionName = keyof typeof optionSpecs;

const session = { name: 'NAME', required: true, missing: 'Which session? Its name is missing.' } as const;

const savedSession = {
  name: 'ID',
  required: true,
  missing: 'Which saved session? Its id or name is missing.',
} as const;
const archivedSession = {
  name: 'ID',
  required: true,
  missing: 'Which archived session? Its id or name is missing.',
} as const;
const backup = { name: 'BACKUP', required: true, missing: 'Which backup? Its id is missing.' } as const;

const leftover = { name: 'PID', required: true, missing: 'Which process? Its id is missing.' } as const;

const archivedName =
  'ID is at least 8 characters of its id, or the session’s whole name where only one archive has it.';

const savedName = 'ID is at least 8 characters of its id, or the session’s whole name where it was saved only once.';

const wholeName = 'Takes the whole name, or at least 8 characters of the id.';

const commandSpecs = {
  ls: {
    operands: [],
    options: ['all', 'json'],
    summary: 'List the sessions of this repository.',
    details: [
      'Works in any folder of the repository and in every session’s worktree. A session that is not well says so beside',
      'its status, one that is to be started again says when. Archived sessions are counted, and listed with --all.',
      'CHANGES: ● files that are not committed, ! conflicts, ↑ ↓ commits ahead of and behind the base, ∩ another session',
      'changes the same files, ⚠ and would conflict. With --json each record has its health, changes and overlaps with it.',
    ].join('\n'),
  },
  status: {
    operands: [{ ...session, required: false }],
    options: ['json'],
    summary: 'Show the helper and the sessions’ health, or everything about one session.',
    details: [
      'Without a name: the repository, its helper, how many sessions are in which state, how they are and what they use,',
      'and a line for each that is not well. With a name also what its processes use.',
    ].join('\n'),
  },
  explain: {
    operands: [session],
    options: ['json'],
    summary: 'Tell in words how a session is, why, and what will happen next.',
    details: [
      'Its status and its health, each with what was seen, by what and when; when it is started again, ended or archived;',
      'and the policy it goes by. The settings are those that a window told last.',
    ].join('\n'),
  },
  policy: {
    operands: [session],
    options: ['set', 'unset', 'json'],
    summary: 'Tell or change when a session is started again by itself, and when it is ended.',
    details: [
      'What applies to it, and whether that is its own, a setting or a default. The settings are those that a window told',
      'last. To change it takes the whole name, or at least 8 characters of the id.',
      '',
      'Fields:',
      '  retry            never, onCrash, or onFailure: also where it ends without success.',
      '  maxAttempts      Automatic restarts in a row.',
      '  retryDelay       Seconds before the first, and with maxRetryDelay at most before any.',
      '  neverRetry       Exit codes after which it is not started again, as 2,3.',
      '  sessionTimeout   Minutes after its start at which it is ended; of this and all below 0 is no limit.',
      '  idleTimeout      Minutes without output or input after which it is ended.',
      '  memoryLimit      MB of memory for all its processes together.',
      '  cpuLimit         Minutes of processor time for all its processes together.',
      '  transcriptLimit  MB that it may write to its terminal.',
      '  onLimit          stop, or recover to start it again.',
    ].join('\n'),
  },
  attach: {
    operands: [session],
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
    operands: [session],
    options: ['all', 'json'],
    forAll: 'all',
    summary: 'End a session’s process, or its recovery; its worktree stays.',
    details: [
      'The process is hung up, and killed where it has not ended 5 seconds later. One that was to be started again is not.',
      wholeName,
      'With --all sessions are stopped at the same time; where one does not end the others do, and the exit code is 1.',
    ].join('\n'),
  },
  retry: {
    operands: [session],
    options: ['json'],
    summary: 'Start a session at once that waits for its next automatic restart.',
    details:
      'It counts as that attempt. A session that does not wait is left as it is. Where it has just ceased to wait without\nbeing started, the exit code is 1.',
  },
  'give-up': {
    operands: [session],
    options: ['json'],
    summary: 'Leave a session as failed that waits for its next automatic restart.',
    details: `${wholeName}\nA session that does not wait is left as it is. Where it has just been started, the exit code is 1.`,
  },
  restart: {
    operands: [session],
    options: ['runSetup', 'skipSetup', 'json'],
    summary: 'End a session’s process where it runs, and start its command anew.',
    details: [
      'In the same worktree, below the screen it had, with the variables of this shell. As long as the setup of its',
      'worktree has not succeeded, that is run first.',
      wholeName,
    ].join('\n'),
  },
  resume: {
    operands: [session],
    options: ['all', 'json'],
    forAll: 'all',
    summary: 'Start a session that does not run where it was left.',
    details: [
      'By its command’s own way to go on, where it has one, with the variables of this shell. One that runs is left as it',
      'is. With --all those are started that are idle since their process went with the machine or unseen, one after the',
      'other; where one cannot be the others are, and the exit code is 1.',
    ].join('\n'),
  },
  worktree: {
    operands: [session],
    options: ['acceptBranch', 'switchBack', 'recreate', 'at', 'json'],
    exclusive: [
      ['acceptBranch', 'switchBack'],
      ['acceptBranch', 'recreate'],
      ['acceptBranch', 'at'],
      ['switchBack', 'recreate'],
      ['switchBack', 'at'],
      ['recreate', 'at'],
    ],
    summary: 'Tell whether a worktree was moved, removed or switched, and put that right.',
    details: [
      'Without an option it tells what is wrong and which option helps, and exits with 1 where something is. --recreate',
      'brings back what was committed, and what was staged where git has that still. With an option it takes the whole',
      'name, or at least 8 characters of the id.',
    ].join('\n'),
  },
  'keep-running': {
    operands: [session],
    options: ['json'],
    summary: 'Let a session go on that is about to be ended for doing nothing.',
    details: 'Its time without output or input counts anew, as if it had just done something.',
  },
  'clean-up': {
    operands: [],
    options: ['olderThan', 'dryRun', 'json'],
    needs: { olderThan: 'How old? --older-than DAYS is missing.' },
    summary: 'Destroy sessions that ended long ago.',
    details: [
      'Those that completed, failed, timed out or were stopped. The list is backed up first. A worktree goes only where',
      'nothing in it is uncommitted, untracked or unmerged, and no ignored file would be lost; else it stays, and that is',
      'told. Where one cannot be destroyed the others are, and the exit code is 1.',
    ].join('\n'),
  },
  merge: {
    operands: [session],
    options: ['into', 'squash', 'rebase', 'message', 'dryRun', 'json'],
    exclusive: [
      ['squash', 'rebase'],
      ['rebase', 'message'],
    ],
    summary: 'Merge what is committed on a session’s branch into its base, or another branch.',
    details: [
      'Nothing is checked out anywhere. Where the target is checked out nowhere only its ref moves; where it is, the files',
      'that are merged are updated there, or nothing is where that would overwrite something. Conflicts are found before',
      'anything is touched. With --dry-run it only tells what would be done. Where nothing was or could be merged the exit',
      'code is 1.',
      wholeName,
    ].join('\n'),
  },
  commit: {
    operands: [session],
    options: ['message', 'json'],
    needs: { message: 'With which message? -m MESSAGE is missing.' },
    summary: 'Commit all that is changed or new in a session’s worktree.',
    details: ['With the repository’s hooks. Files that git ignores stay out.', wholeName].join('\n'),
  },
  push: {
    operands: [session],
    options: ['remote', 'json'],
    summary: 'Push a session’s branch, never by force.',
    details: [
      'To the branch that it follows, else by its name to “origin” or the only remote, which it follows from then on.',
      wholeName,
    ].join('\n'),
  },
  report: {
    operands: [
      { name: 'STATE', required: true, missing: 'Which state? One of working, waiting, done is missing.' },
      { ...session, required: false },
    ],
    options: ['message', 'json'],
    summary: 'Tell that a session works, waits for you, or is done.',
    details: [
      'For hooks of agents and for scripts: STATE is working, waiting or done. Without NAME it tells so of the session',
      'that it runs in. The tree and the status bar show one that waits or is done as waiting for you, which is never',
      'ended for doing nothing; each report counts as activity. “holdfast explain” tells what was reported and when.',
      wholeName,
    ].join('\n'),
  },
  leftovers: {
    subcommands: {
      list: {
        operands: [],
        options: ['json'],
        summary: 'List what sessions have left behind.',
        details: 'Processes that outlived their session’s terminal, and session hosts that no session has.',
      },
      end: {
        operands: [leftover],
        options: ['json'],
        summary: 'End one of them.',
        details:
          'It is asked to end, and killed 5 seconds later. A process that no session has left behind is refused.',
      },
      adopt: {
        operands: [leftover],
        options: ['json'],
        summary: 'Make a session again of a session host that has none.',
        details: 'It is in the list then as its host remembers it, and runs on.',
      },
    },
    summary: 'List, end and adopt what sessions have left behind.',
    details: 'Nothing of it ends by itself, for it may be meant to run on.',
  },
  logs: {
    operands: [session],
    options: ['lines', 'follow', 'raw', 'host', 'json'],
    // The recording is one file, and the host's log has a form of its own.
    exclusive: [
      ['raw', 'json'],
      ['raw', 'host'],
      ['raw', 'lines'],
      ['host', 'json'],
    ],
    summary: 'Print what a session has shown.',
    details: 'The transcript as plain text; what full-screen programs drew is left out.',
  },
  locks: {
    operands: [],
    options: ['json'],
    summary: 'List the locks of this repository and who holds them.',
    details: [
      'Those of the helper, of sessions’ hosts, of sessions being made, of windows’ storages, and of the processes that',
      'run from Holdfast’s copies of its programs. Starts no helper and changes nothing.',
      '',
      'States:',
      '  held      Its process lives.',
      '  stale     Its process is gone; whoever needs the lock next takes it.',
      '  unknown   Nothing can be proven from here: its process is on another machine or in another container.',
    ].join('\n'),
  },
  saved: {
    subcommands: {
      list: {
        operands: [],
        options: ['json'],
        summary: 'List the saved sessions, newest first.',
        details: 'One that cannot be read is among them, and why.',
      },
      save: {
        operands: [session],
        options: ['note', 'json'],
        summary: 'Save a session as it is now.',
        details:
          'Its command, its settings, and the commit that its branch is at. What is not committed stays in its worktree.\nWhat was saved of it before stays, too.',
      },
      show: {
        operands: [savedSession],
        options: ['json'],
        summary: 'Show everything about a saved session.',
        details: savedName,
      },
      load: {
        operands: [savedSession],
        options: ['noStart', 'json'],
        summary: 'Bring a saved session back, and start it.',
        details: [
          'Nothing is made where the session is in the list still. Else it is a new session: in its old worktree where',
          'that is there still, else in a new worktree of its branch, which is made anew at the saved commit where it is',
          'gone. All of that, or nothing. The editor’s settings do not count here: there is no maximum of sessions,',
          'worktrees go into .worktrees, and 5000 lines of scrollback are kept.',
          savedName,
        ].join('\n'),
      },
      delete: {
        operands: [savedSession],
        options: ['json'],
        summary: 'Delete what was saved of a session, and nothing else.',
        details: savedName,
      },
    },
    summary: 'Save sessions, and bring them back.',
    details: 'Saved sessions outlast the session, its worktree and its branch. Windows show the same ones.',
  },
  archives: {
    subcommands: {
      list: {
        operands: [],
        options: ['json'],
        summary: 'List the archived sessions of this repository, newest first.',
        details: 'With what their worktrees held beside what was merged.',
      },
      restore: {
        operands: [archivedSession],
        options: ['start', 'json'],
        summary: 'Bring a destroyed session back, with its worktree as it was.',
        details: [
          'Its branch, its worktree with what was staged and what was not, what was under way, and the ignored files that',
          'were archived; not what tools make again, such as node_modules. All of that, or nothing; the archive stays. Where',
          'its branch has gone on, it comes back under another name. It is not started without --start.',
          archivedName,
        ].join('\n'),
      },
      delete: {
        operands: [archivedSession],
        options: ['json'],
        summary: 'Delete an archive for good, and nothing else.',
        details: archivedName,
      },
    },
    summary: 'List, bring back and delete what destroyed sessions had in their worktrees.',
    details: [
      'Before git removes a worktree, all of it is archived under refs/holdfast/archive in the repository, and kept for as',
      'many days as the editor’s setting holdfast.archive.keepDays says.',
    ].join('\n'),
  },
  backups: {
    subcommands: {
      list: {
        operands: [],
        options: ['json'],
        summary: 'List the backups of the session list, newest first.',
        details:
          'Those of all windows on this repository, and those that were taken here; damaged ones are among them.\nExits with 1 where not all could be read.',
      },
      create: {
        operands: [],
        options: ['json'],
        summary: 'Back the session list up as it is now.',
        details:
          'Where nothing has changed since the last one, that one stays the last. The last ten that were taken so are kept,\nhowever many are taken by themselves.',
      },
      restore: {
        operands: [backup],
        options: ['dryRun', 'json'],
        summary: 'Bring back the sessions of a backup.',
        details: [
          'Sessions that were destroyed or lost come back under their old ids, and are not started; the maximum of',
          'sessions does not count. Those that live get their name, their command and their settings back and run on.',
          'Those that were made since stay as they are. What there is now is backed up first. With --dry-run no helper is',
          'started. Where a session of the backup makes no sense the others come back, and the exit code is 1.',
        ].join('\n'),
      },
      verify: {
        operands: [{ ...backup, required: false }],
        options: ['json'],
        failureCode: 2,
        summary: 'Check one backup, or all.',
        details: 'Exits with 0 where none is damaged, 1 where one is, and 2 where that cannot be told.',
      },
    },
    summary: 'List, take, check and restore backups of the session list.',
    details: 'They are taken by themselves, too: after changes, and before a session is destroyed or a list repaired.',
  },
  export: {
    operands: [{ ...session, required: false }],
    options: ['output', 'withEnv', 'force', 'json'],
    summary: 'Write one session or all to a file.',
    details: [
      'To standard output where no FILE is given. The values of the sessions’ variables are left out, since they may be',
      'secret; what is left out is told. Where there is no session nothing is written, and the exit code is 1.',
    ].join('\n'),
  },
  import: {
    operands: [{ name: 'FILE', required: true, missing: 'Which file? Its name is missing.' }],
    options: ['dryRun', 'salvage', 'json'],
    summary: 'Bring in the sessions of an exported file.',
    details: [
      'Each comes in as with “saved load”, but is not started; one that is in the list is left as it is. What there is',
      'now is backed up first. Where one cannot come in, or is left out by --salvage, the others do come in, and the',
      'exit code is 1. With --dry-run no helper is started.',
    ].join('\n'),
  },
  doctor: {
    operands: [],
    options: ['fix', 'json'],
    failureCode: 2,
    summary: 'Look for damage in all that Holdfast keeps of this repository.',
    details: [
      'Session lists, backups, journals, locks, host directories, sockets and permissions, worktrees, hosts without a',
      'session, and leftovers. Without --fix nothing is changed and no helper is started.',
      '',
      'Exits with 0 where all is sound, 1 where something is not (with --fix: still is not), and 2 where it could not',
      'look.',
    ].join('\n'),
  },
  validate: {
    operands: [{ name: 'FILE', required: true, missing: 'Which file? Its name is missing.' }],
    options: ['json'],
    failureCode: 2,
    summary: 'Check one file of Holdfast: what it is, its checksum, and what is in it.',
    details: [
      'A session list, a backup, an export, a session’s record, a saved session, a journal, or a host’s, a launch or a',
      'tag file. Changes nothing.',
      '',
      'Exits with 0 where it is sound, 1 where it is not, and 2 where it could not be read.',
    ].join('\n'),
  },
} as const satisfies CommandTable<OptionName>;

/** What “holdfast” understands; who handles it is in `main.ts`. */
export const holdfast: CommandLineSpec = { commands: commandSpecs, options: optionSpecs };

/** Every command that can be run, as it is typed. */
export type CommandName = RunnableCommand<typeof commandSpecs>;

/** What the options become for a command. */
export type OptionArguments = OptionValues<typeof optionSpecs>;
