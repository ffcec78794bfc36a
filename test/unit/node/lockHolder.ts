// Tries to take a lock, says how that went, and holds it until it is killed.
import { tryLock } from '../../../src/node/lockFile.ts';

const attempt = await tryLock(process.argv[2] ?? '');
process.stdout.write('lock' in attempt ? 'taken\n' : 'held\n');
process.stdin.resume();
