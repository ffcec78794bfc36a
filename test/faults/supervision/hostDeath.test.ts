import { describeOnUnix } from '../../support/unix.ts';
import { itLosesNothing } from '../support/stage.ts';

/** Few enough for the smallest machine that runs these tests, and enough to tell one from all. */
const sessionCount = 8;

describeOnUnix('a session host that is killed', () => {
  itLosesNothing(`is one of ${sessionCount}: its session recovers, and the others notice nothing`, async (stage) => {
    for (let count = 0; count < sessionCount; count++) await stage.numbers({ pause: 20 });
    const [killed] = stage.sessions;
    if (!killed) throw new Error('There is no session');
    await stage.killHost(killed);
    await killed.recovered(stage.scene, stage.client);
  });
});
