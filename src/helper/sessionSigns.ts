import type { HostClient } from '../client/hostClient.ts';
import type { LimitFacts, LimitStreaks } from '../core/limits.ts';
import type { ResourceUse } from '../protocol/health.ts';
import type { HostStatus } from '../protocol/hostMessages.ts';

/** What was last seen of one session, from look to look. */
export class SessionSigns {
  /** The connection over which it was last asked: another one is to another life, or its answers were not missed. */
  link: HostClient | undefined;
  /** What its host last said; undefined before its first answer. */
  status: HostStatus | undefined;
  /** A question to its host that is under way. */
  asking: Promise<void> | undefined;
  streaks: LimitStreaks = {};
  #heardAt = 0;
  #transcript: { last: number; growth: number } | undefined;

  /** @param now by a monotonic clock; milliseconds */
  hear(status: HostStatus, now: number): void {
    this.#countTranscript(status.transcriptBytes);
    if (status.startedAt !== this.status?.startedAt) this.#begin(status);
    this.status = status;
    this.#heardAt = now;
  }

  /** Since its last output, or its start; milliseconds. Undefined where its host does not tell. */
  quietFor(now: number): number | undefined {
    return this.#since(this.status?.quietFor, now);
  }

  /** Since its start; milliseconds. Undefined where its host does not tell. */
  runningFor(now: number): number | undefined {
    return this.#since(this.status?.upFor, now);
  }

  /** What limits go by: as it is now by what was heard last, or only as it was then, of which alone it is known. */
  facts(use: ResourceUse | undefined, now = this.#heardAt): Omit<LimitFacts, 'now'> {
    const running = this.runningFor(now);
    const idle = this.#since(this.status?.idleFor, now);
    const transcriptGrowth = this.status?.transcriptWritten ?? this.#transcript?.growth;
    return {
      ...(running === undefined ? {} : { running }),
      ...(idle === undefined ? {} : { idle }),
      ...(use === undefined ? {} : { use }),
      ...(transcriptGrowth === undefined ? {} : { transcriptGrowth }),
    };
  }

  /** Between two answers time goes on. */
  #since(told: number | undefined, now: number): number | undefined {
    return told === undefined ? undefined : told + (now - this.#heardAt);
  }

  /** Another life of the session. */
  #begin({ transcriptBytes }: HostStatus): void {
    this.streaks = {};
    this.#transcript = transcriptBytes === undefined ? undefined : { last: transcriptBytes, growth: 0 };
  }

  /** For a host that tells no more than its file’s length. One that is shorter than before is another: the full one was put aside. */
  #countTranscript(bytes: number | undefined): void {
    if (bytes === undefined || this.#transcript === undefined) return;
    const { last, growth } = this.#transcript;
    this.#transcript = { last: bytes, growth: growth + (bytes >= last ? bytes - last : bytes) };
  }
}
