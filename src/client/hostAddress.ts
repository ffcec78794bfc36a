import * as v from 'valibot';
import { readJson } from '../node/durableFile.ts';
import { type Machine, repositoryPlaces, sessionPlaces } from '../node/places.ts';
import { readToken } from '../node/token.ts';
import { type Hello, type HostFile, hostFileSchema } from '../protocol/hostMessages.ts';
import type { HostClientOptions } from './hostClient.ts';

/** What a session's host says of itself; undefined for a session that never ran. */
export async function readHostFile(machine: Machine, key: string, id: string): Promise<HostFile | undefined> {
  const file = v.safeParse(hostFileSchema, await readJson(sessionPlaces(machine, key, id).host));
  return file.success ? file.output : undefined;
}

/** How to reach a session's host, by its own word: its environment may name another socket folder than ours. */
export async function hostAddress(
  machine: Machine,
  key: string,
  id: string,
  client: Hello['client'],
): Promise<HostClientOptions> {
  const file = await readHostFile(machine, key, id);
  const token = await readToken(repositoryPlaces(machine, key).stateFolder);
  return { socket: file?.socket ?? sessionPlaces(machine, key, id).socket, token, client };
}
