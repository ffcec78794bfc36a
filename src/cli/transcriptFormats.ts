import type { TranscriptEvent } from './transcriptEvents.ts';
import { TranscriptText } from './transcriptText.ts';

/** Makes lines of output of the events of a transcript. */
export interface TranscriptFormat {
  /** The lines that are ready once this event is known. */
  push(event: TranscriptEvent): Promise<string[]>;
  /** The lines that waited for more. */
  end(): string[];
}

/** Text as it last looked; while it is followed, a line is ready as soon as it has ended. */
export function textFormat({ follow }: { follow: boolean }): TranscriptFormat {
  const text = new TranscriptText({ isFollowing: follow });
  return {
    async push(event) {
      if (event.type === 'output') return text.write(event.text);
      if (event.type === 'begin') return text.begin(event.size);
      if (event.type === 'mark') return [...text.end(), `[${event.text}]`];
      text.resize(event.size);
      return [];
    },
    end: () => text.end(),
  };
}

/** One JSON object for each event, its time in ISO 8601 UTC. */
export function jsonFormat(): TranscriptFormat {
  return {
    push: async ({ at, ...event }) => [JSON.stringify({ time: new Date(at).toISOString(), ...event })],
    end: () => [],
  };
}

/**
 * One asciicast v2 file of any number of them: the first header stands, all times count from it, and a further
 * header becomes a change of size.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export function castFormat(): TranscriptFormat {
  let startedAt: number | undefined;
  return {
    async push(event) {
      if (event.type === 'begin' && startedAt === undefined) {
        startedAt = event.at;
        const { cols, rows } = event.size;
        return [JSON.stringify({ version: 2, width: cols, height: rows, timestamp: event.at / 1000 })];
      }
      return [JSON.stringify([(event.at - (startedAt ?? event.at)) / 1000, ...castData(event)])];
    },
    end: () => [],
  };
}

function castData(event: TranscriptEvent): [code: string, data: string] {
  switch (event.type) {
    case 'output':
      return ['o', event.text];
    case 'mark':
      return ['m', event.text];
    case 'begin':
    case 'resize':
      return ['r', `${event.size.cols}x${event.size.rows}`];
  }
}
