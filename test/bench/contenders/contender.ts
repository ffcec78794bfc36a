/** A program to run in a terminal. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

export type OutputListener = (data: Buffer) => void;

/** A terminal's end that shows the program's output and takes its input. */
export interface TerminalClient {
  write(text: string): void;
  /** Closes this end; of a bare pty, that ends the program. */
  detach(): Promise<void>;
}

/** A program that runs with or without a client. */
export interface DetachableSession {
  /** Connects a client; output flows from then on, first what makes up the screen. */
  attach(onOutput: OutputListener): Promise<TerminalClient>;
  end(): Promise<void>;
}

/** A program that runs with one client connected. */
export interface OpenSession {
  readonly client: TerminalClient;
  end(): Promise<void>;
}

/** One way to run a program in a terminal, measured against the others. */
export interface Contender {
  readonly name: string;
  open(program: Program, onOutput: OutputListener): Promise<OpenSession>;
  /** Lets go of everything this contender keeps between sessions. */
  close(): Promise<void>;
}

/** A contender whose sessions outlive their clients. */
export interface DetachableContender extends Contender {
  create(program: Program): Promise<DetachableSession>;
}

export function isDetachable(contender: Contender): contender is DetachableContender {
  return 'create' in contender;
}

/** {@link Contender.open} for whoever can create and attach. */
export async function createAndAttach(
  contender: DetachableContender,
  program: Program,
  onOutput: OutputListener,
): Promise<OpenSession> {
  const session = await contender.create(program);
  const client = await session.attach(onOutput);
  return {
    client,
    async end() {
      await client.detach();
      await session.end();
    },
  };
}

/** The same for all. */
export const terminalSize = { cols: 100, rows: 30 } as const;
export const scrollback = 5_000;
