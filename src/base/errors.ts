/** Every error a user can meet, by its stable code. Codes are only ever added. */
export const errorCodes = [
  'AMBIGUOUS_SESSION',
  'ARCHIVE_NOT_FOUND',
  'AUTHENTICATION_FAILED',
  'BACKUP_NOT_FOUND',
  'BRANCH_EXISTS',
  'BRANCH_GONE',
  'BRANCH_SWITCHED',
  'CANCELLED',
  'COMMAND_NOT_FOUND',
  'CONNECTION_LOST',
  'DAMAGED_FILE',
  'DETACHED_HEAD',
  'DISK_FULL',
  'FETCH_FAILED',
  'FOLDER_EXISTS',
  'GIT_FAILED',
  'GIT_MISSING',
  'GIT_TOO_OLD',
  'HELPER_NOT_RUNNING',
  'HELPER_START_FAILED',
  'HOOK_FAILED',
  'HOST_START_FAILED',
  'INPUT_TOO_LARGE',
  'INVALID_ARGUMENT',
  'INVALID_LOCATION',
  'INVALID_NAME',
  'LOCAL_CHANGES',
  'LOCKED',
  'MAX_SESSIONS',
  'MERGE_COMMITS',
  'MERGE_CONFLICT',
  'NAME_EXISTS',
  'NEWER_FORMAT',
  'NOTHING_TO_COMMIT',
  'NOTHING_TO_MERGE',
  'NOT_ARCHIVED',
  'NOT_A_REPOSITORY',
  'NOT_A_WORKTREE',
  'NO_COMMITS',
  'NO_FOLDER',
  'NO_IDENTITY',
  'NO_REMOTE',
  'NO_SOURCE_CONTROL',
  'NO_WORKTREE',
  'OPERATION_IN_PROGRESS',
  'PROTOCOL_MISMATCH',
  'PUSH_REJECTED',
  'REF_MOVED',
  'REMOTE_UNREACHABLE',
  'REVISION_CONFLICT',
  'SAVED_SESSION_NOT_FOUND',
  'SESSION_NOT_FOUND',
  'SESSION_NOT_RUNNING',
  'SESSION_RUNNING',
  'STALE_EPOCH',
  'STORAGE_NOT_WRITABLE',
  'TEARDOWN_FAILED',
  'TIMEOUT',
  'UNAUTHORIZED',
  'UNKNOWN',
  'UNRELATED_HISTORIES',
  'UNSAFE_FILE',
  'UNSAFE_FOLDER',
  'WORKTREE_IN_USE',
  'WORKTREE_MISMATCH',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface HoldfastErrorOptions {
  /** What to do next, one sentence. */
  advice?: string;
  /** Plain JSON for programs: the session's id, a path, the current record. */
  data?: Record<string, unknown>;
  cause?: unknown;
}

/** An error meant for a person: what happened, to which session, what was kept, and what to do next. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly advice: string | undefined;
  readonly data: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.advice = options.advice;
    this.data = options.data ?? {};
  }

  /** The message and the advice as one line of text. */
  get text(): string {
    return this.advice ? `${this.message} ${this.advice}` : this.message;
  }
}

/** The plain shape in which an error crosses a process boundary. */
export interface ErrorShape {
  code: ErrorCode;
  message: string;
  advice?: string;
  data?: Record<string, unknown>;
}

export function toErrorShape(error: unknown): ErrorShape {
  if (!(error instanceof HoldfastError)) return { code: 'UNKNOWN', message: describeError(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.advice === undefined ? {} : { advice: error.advice }),
    data: error.data,
  };
}

/** Rebuilds an error from what came over the wire; anything that does not fit becomes `UNKNOWN`. */
export function fromErrorShape(shape: unknown): HoldfastError {
  const { code, message, advice, data } = (typeof shape === 'object' && shape ? shape : {}) as Record<string, unknown>;
  return new HoldfastError(isErrorCode(code) ? code : 'UNKNOWN', String(message ?? shape), {
    ...(typeof advice === 'string' ? { advice } : {}),
    ...(typeof data === 'object' && data ? { data: data as Record<string, unknown> } : {}),
  });
}

function isErrorCode(value: unknown): value is ErrorCode {
  return errorCodes.includes(value as ErrorCode);
}

/** The message of anything that was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error, such as `ENOENT`. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
