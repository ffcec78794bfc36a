// Attaches to a session and reports the offset up to which it has shown the output, once a line.
import { SessionAttachment } from '../../../src/client/sessionAttachment.ts';

const [socket = '', token = ''] = process.argv.slice(2);
const client = { kind: 'test' as const, pid: process.pid };
const attachment = new SessionAttachment({ socket, token, client, size: { cols: 80, rows: 24 } });
const shown = (seq: number) => {
  attachment.acknowledge(seq);
  process.stdout.write(`${seq}\n`);
};
attachment.onScreen(({ seq }) => shown(seq));
attachment.onOutput(({ seq, data }) => shown(seq + data.length));
await attachment.open();
