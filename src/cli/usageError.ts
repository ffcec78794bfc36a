import { HoldfastError } from '../base/errors.ts';

/** The command line itself is wrong; the program then ends with 2 instead of 1. */
export class UsageError extends HoldfastError {
  constructor(message: string, command?: string) {
    super('INVALID_ARGUMENT', message, { advice: `See “holdfast ${command ? `${command} ` : ''}--help”.` });
  }
}
