import { HoldfastError } from '../base/errors.ts';
import { describeProgress, type GitProgress } from '../core/gitProgress.ts';

/** Who waits for a session to be made: is told how far that is, and may turn away. */
export interface CreationWatch {
  /** Aborted by {@link cancelled}; whatever was made by then is undone before the creation rejects with it. */
  signal?: AbortSignal | undefined;
  /** One step after the other, as a text for the user: “Checking out files 40 %”. */
  onProgress?: ((text: string) => void) | undefined;
}

/** What a creation that the user turned away from rejects with. */
export function cancelled(): HoldfastError {
  return new HoldfastError('CANCELLED', 'The session was not created, for you cancelled it. Nothing was kept.');
}

/** Begins a step, unless the user has turned away. */
export function beginStep({ signal, onProgress }: CreationWatch = {}, text?: string): void {
  signal?.throwIfAborted();
  if (text !== undefined) onProgress?.(text);
}

/** The same as git wants it. */
export function gitWatch({ signal, onProgress }: CreationWatch = {}, prefix = '') {
  const tell = (progress: GitProgress) => onProgress?.(prefix + describeProgress(progress));
  return { signal, onProgress: onProgress && tell };
}
