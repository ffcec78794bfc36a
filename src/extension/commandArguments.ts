import * as v from 'valibot';
import { HoldfastError } from '../base/errors.ts';
import { describeIssue } from '../core/invalidArgument.ts';

/** Tree items pass their id as a string, other extensions an object, the palette nothing. */
export function isPlainObject(argument: unknown): argument is Record<string, unknown> {
  return typeof argument === 'object' && argument !== null;
}

/** @throws {HoldfastError} `INVALID_ARGUMENT`, which names the field. */
export function parseArgument<S extends v.GenericSchema>(schema: S, argument: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, argument);
  if (result.success) return withoutUndefined(result.output);
  throw new HoldfastError('INVALID_ARGUMENT', describeIssue(result.issues[0]), { advice: 'Nothing was changed.' });
}

/** A field that was given as undefined was not given. */
function withoutUndefined<T>(value: T): T {
  if (!isPlainObject(value) || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
