/** An editor that a developer is looking at. */
export interface RunningEditor {
  /** Resolves when it ends by itself, for instance because its window was closed. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}
