import { HoldfastError } from '../base/errors.ts';
import { isPosixShell, type ProgramCall, shellName } from '../core/launchCommand.ts';

/**
 * A program's arguments as one string, which node-pty puts behind the program's quoted name as it stands; an
 * empty array where there are none, since node-pty would not quote the name before an empty string.
 */
export interface WindowsCall {
  file: string;
  args: string | [];
}

/**
 * How to start `file` on Windows, where a program gets one line and takes it apart itself. Written by hand
 * because node-pty quotes for one kind of program only, and takes an argument in quotes for a quoted one.
 *
 * @param file - with its ending; what has another than `.cmd` and `.bat` is started as it is.
 * @param commandProcessor - runs batch files: `cmd.exe`.
 * @throws {HoldfastError} `HOST_START_FAILED` for a line break in an argument of a batch file.
 */
export function windowsCall({ file, args }: ProgramCall, commandProcessor: string): WindowsCall {
  if (/\.(cmd|bat)$/i.test(file)) return { file: commandProcessor, args: batchLine(file, args) };
  if (args.length === 0) return { file, args: [] };
  const [line, ...options] = args.toReversed();
  // Behind `/s /c` only the outermost quotes go; everything between them is the user's line as it was typed.
  if (shellName(file) === 'cmd' && options.join(' ') === '/c /s /d') return { file, args: `/d /s /c "${line}"` };
  return { file, args: args.map(isMsysShell(file) ? quoteForMsys : quote).join(' ') };
}

/** Needs no quotes for any program; everything else might be a pattern, a quote or a response file for one. */
const plainArgument = /^[\w+,./:=-]+$/;

/** @see https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments */
function quote(text: string): string {
  return plainArgument.test(text) ? text : `"${text.replace(/(\\*)("|$)/g, doubleBackslashes('\\"'))}"`;
}

/** The shells of Git for Windows, MSYS2 and Cygwin take every backslash in quotes for an escape. */
function quoteForMsys(text: string): string {
  return plainArgument.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Windows has a `bash.exe` of its own, which is the one of WSL. */
function isMsysShell(file: string): boolean {
  return isPosixShell(shellName(file)) && !/[\\/](system32|sysnative|windowsapps)[\\/][^\\/]*$/i.test(file);
}

/**
 * In quotes the command processor expands nothing but variables, which an empty part of another variable
 * prevents; that needs its extensions.
 *
 * @see Rust's `make_bat_command_line` in `library/std/src/sys/args/windows.rs`
 */
function batchLine(file: string, args: readonly string[]): string {
  if (args.some((text) => /[\r\n]/.test(text))) {
    throw new HoldfastError('HOST_START_FAILED', `A batch file cannot be given a line break: ${file}.`, {
      advice: 'Give the text in one line, or start the program that the batch file starts.',
    });
  }
  return `/e:ON /v:OFF /d /s /c "${[file, ...args].map(quoteForBatch).join(' ')}"`;
}

function quoteForBatch(text: string): string {
  return `"${text.replace(/(\\*)("|$)/g, doubleBackslashes('""')).replaceAll('%', '%%cd:~,%')}"`;
}

/** Backslashes count as such only before a quote. */
function doubleBackslashes(escapedQuote: string): (match: string, backslashes: string, end: string) => string {
  return (_, backslashes, end) => backslashes + backslashes + (end && escapedQuote);
}
