import { describeError, HoldfastError, systemErrorCode, toErrorShape } from '../base/errors.ts';
import { UsageError } from './usageError.ts';

/** Exit code of a command line that is wrong, whatever the command. */
const usageCode = 2;

/** Tells on standard error what went wrong; returns the exit code: 2 for a command line that is wrong, else `code`. */
export function reportFailure(thrown: unknown, code = 1): number {
  const error = toHoldfastError(thrown);
  const isUsage = error instanceof UsageError;
  if (wantsJson()) console.error(JSON.stringify(toErrorShape(error)));
  else console.error(`holdfast: ${error.text} (${error.code})`);
  return isUsage ? usageCode : code;
}

/** Tells on standard error of what a command went on without. */
export function reportProblems(problems: readonly HoldfastError[], { json }: { json: boolean }): void {
  for (const problem of problems) console.error(json ? JSON.stringify(toErrorShape(problem)) : problem.text);
}

/** What was thrown as a text for a person. */
export function errorText(error: unknown): string {
  return error instanceof HoldfastError ? error.text : describeError(error);
}

/** Also where the command line could not be understood. What follows “--” is no option. */
function wantsJson(): boolean {
  const args = process.argv.slice(2);
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

/** Whatever was not expected is an error with advice, too. */
function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return unusableFile(error) ?? unexpected(error);
}

/** A file or a folder that the system refuses, by its path; undefined for what is none. */
function unusableFile(error: unknown): HoldfastError | undefined {
  const { path: file, syscall = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof file !== 'string' || syscall.startsWith('spawn')) return undefined;
  return new HoldfastError('STORAGE_NOT_WRITABLE', `${file} cannot be used (${systemErrorCode(error)}).`, {
    advice: 'Check its path and permissions.',
    data: { file },
    cause: error,
  });
}

function unexpected(error: unknown): HoldfastError {
  const advice = 'Sessions run on. If it stays so, please report it.';
  return new HoldfastError('UNKNOWN', `Something unexpected went wrong: ${describeError(error)}.`, {
    advice,
    cause: error,
  });
}
