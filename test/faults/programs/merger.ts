import { HoldfastError } from '../../../src/base/errors.ts';
import { BringHome } from '../../../src/client/bringHome.ts';
import { findWorkplace } from '../../../src/node/repository.ts';
import { aRecord } from '../../unit/records.ts';

/** Merges a session’s branch, and tells what came of it: `merger.ts ROOT WORKTREE INTO HOW`. */
const [root = '', worktreePath = '', into = '', how = ''] = process.argv.slice(2);
const record = aRecord({ name: 'login', worktreePath });
const home = new BringHome({ workplace: await findWorkplace(root), sessions: () => [record] });
const plan = await home.plan(record, { into, how: how as 'merge' });
const told = await home.merge(record, plan).then(
  () => 'done',
  (error) => (error instanceof HoldfastError ? error.code : `${error}`),
);
process.stdout.write(told);
