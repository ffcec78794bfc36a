import {
  type AttachmentEnd,
  SessionAttachment,
  type SessionAttachmentOptions,
} from '../../../src/client/sessionAttachment.ts';
import type { TerminalSize } from '../../../src/protocol/hostMessages.ts';
import type { Scene } from './scene.ts';

const patience = 20_000;

export interface TerminalOptions extends Partial<SessionAttachmentOptions> {
  /** `never` plays a terminal that is too slow to show anything. */
  acknowledge?: 'always' | 'never';
}

/** A terminal that shows a session, as a test sees it. */
export class TestTerminal {
  readonly attachment: SessionAttachment;
  readonly screens: string[] = [];
  /** The byte offsets that they stand for. */
  readonly screenSeqs: number[] = [];
  readonly sizes: TerminalSize[] = [];
  /** Output in the order in which it came, each piece with the offset of its first byte. */
  readonly pieces: { seq: number; data: Buffer }[] = [];
  readonly end: Promise<AttachmentEnd>;
  acknowledge: 'always' | 'never';
  /** Byte offset up to which the output was shown. */
  shownTo = 0;
  #text = '';
  #seen = 0;
  #onText: () => void = () => undefined;

  static async open(
    scene: Scene,
    { places }: { places: { socket: string } },
    { acknowledge = 'always', ...options }: TerminalOptions = {},
  ): Promise<TestTerminal> {
    const client = { kind: 'test' as const, pid: process.pid };
    const size = { cols: 80, rows: 24 };
    const attachment = new SessionAttachment({ socket: places.socket, token: scene.token, client, size, ...options });
    const terminal = new TestTerminal(scene.own(attachment), acknowledge);
    await attachment.open();
    return terminal;
  }

  private constructor(attachment: SessionAttachment, acknowledge: 'always' | 'never') {
    this.attachment = attachment;
    this.acknowledge = acknowledge;
    this.end = new Promise((resolve) => attachment.onEnd(resolve));
    attachment.onResized((size) => this.sizes.push(size));
    attachment.onScreen(({ seq, text }) => {
      this.screens.push(text);
      this.screenSeqs.push(seq);
      this.#show(text, seq);
    });
    attachment.onOutput(({ seq, data }) => {
      this.pieces.push({ seq, data: Buffer.from(data) });
      this.#show(data.toString('latin1'), seq + data.length);
    });
  }

  /** Everything that was shown since it was attached, screens included; one character for each byte of output. */
  get text(): string {
    return this.#text;
  }

  get output(): Buffer {
    return Buffer.concat(this.pieces.map(({ data }) => data));
  }

  type(text: string | Buffer): void {
    this.attachment.input(Buffer.from(text as string));
  }

  /** Resolves with the match once the text after the last one that was awaited holds it. */
  async sees(pattern: string | RegExp): Promise<RegExpMatchArray> {
    const expression = typeof pattern === 'string' ? new RegExp(pattern.replace(/[^\w ]/g, '\\$&')) : pattern;
    const find = () => {
      const match = this.#text.slice(this.#seen).match(expression);
      if (match) this.#seen += (match.index ?? 0) + match[0].length;
      return match;
    };
    return (
      find() ??
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`Never saw ${expression}; last:\n${this.#text.slice(-2_000)}`)),
          patience,
        );
        this.#onText = () => {
          const match = find();
          if (!match) return;
          clearTimeout(late);
          this.#onText = () => undefined;
          resolve(match);
        };
      })
    );
  }

  #show(text: string, end: number): void {
    this.#text += text;
    this.shownTo = end;
    if (this.acknowledge === 'always') this.attachment.acknowledge(end);
    this.#onText();
  }
}
