import { bare } from '../figures.ts';
import type { Contender } from './contender.ts';
import { openPty } from './nodePty.ts';

/** A pseudoterminal in this very process: the fastest that a Node program can be, with nothing kept alive. */
export const barePty: Contender = {
  name: bare,
  async open(program, onOutput) {
    const client = openPty(program, onOutput);
    return { client, end: () => client.detach() };
  },
  async close() {},
};
