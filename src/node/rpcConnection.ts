import type net from 'node:net';
import { createMessageConnection, ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc';
import { SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { fromErrorShape, HoldfastError, toErrorShape } from '../base/errors.ts';

/** JSON-RPC over `socket`; disposed when the socket closes, so that no request is left hanging. */
export function rpcOver(socket: net.Socket): MessageConnection {
  const reader = new SocketMessageReader(socket);
  // Where the other side is killed in the middle of a message, its timer would go on for ever.
  reader.partialMessageTimeout = 0;
  const connection = createMessageConnection(reader, new SocketMessageWriter(socket));
  connection.onClose(() => connection.dispose());
  connection.onError(() => socket.destroy());
  return connection;
}

/** An error as the other side gets it; `data` carries our own shape. */
export function toResponseError(error: unknown): ResponseError<unknown> {
  const shape = toErrorShape(error);
  return new ResponseError(-32_000, shape.message, shape);
}

/** The error that the other side sent, or that the connection's end made of a request. */
export function fromResponseError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (error instanceof ResponseError && error.data) return fromErrorShape(error.data);
  if (error instanceof ResponseError && error.code === ErrorCodes.MethodNotFound) {
    return new HoldfastError('PROTOCOL_MISMATCH', 'The helper that runs is of another version.', {
      advice: 'Run “Holdfast: Restart Helper”; sessions run on.',
      cause: error,
    });
  }
  return new HoldfastError('CONNECTION_LOST', 'The connection to the Holdfast helper was lost.', { cause: error });
}
