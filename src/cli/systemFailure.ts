import { type ErrorCode, HoldfastError, systemErrorCode } from '../base/errors.ts';

export interface Explanation {
  code: ErrorCode;
  /** What happened, as a sentence without its full stop. */
  message: string;
  advice: string;
}

/** An error of the operating system as advice for the user; any other error as it is. */
export function explainSystemError(error: unknown, { code, message, advice }: Explanation): unknown {
  const system = systemErrorCode(error);
  if (error instanceof HoldfastError || system === undefined) return error;
  return new HoldfastError(code, `${message} (${system}).`, { advice, cause: error });
}
