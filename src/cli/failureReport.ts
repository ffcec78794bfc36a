import { describeError, HoldfastError, toErrorShape } from '../base/errors.ts';
import { UsageError } from './usageError.ts';

/** Exit code of a command line that is wrong, whatever the command. */
const usageCode = 2;

/** Tells on standard error what went wrong; returns the exit code: 2 for a command line that is wrong, else `code`. */
export function reportFailure(thrown: unknown, code = 1): number {
  const error = toHoldfastError(thrown);
  const isUsage = error instanceof UsageError;
  if (process.argv.includes('--json')) console.error(JSON.stringify(toErrorShape(error)));
  else console.error(`holdfast: ${error.text}${isUsage ? '' : ` (${error.code})`}`);
  return isUsage ? usageCode : code;
}

/** Whatever was not expected is an error with advice, too. */
function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const advice = 'Sessions run on. If it stays so, please report it.';
  return new HoldfastError('UNKNOWN', `Something unexpected went wrong: ${describeError(error)}.`, {
    advice,
    cause: error,
  });
}
