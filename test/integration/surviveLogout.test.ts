import assert from 'node:assert/strict';
import { executing, SystemdStandIn } from '../support/systemdRun.ts';
import { useTempDirs } from '../support/tempDirs.ts';
import { useProject, withEnvironment } from './support/project.ts';

const isLinux = process.platform === 'linux';

(isLinux ? describe : describe.skip)('helper and hosts', () => {
  const dirs = useTempDirs();
  const project = useProject();
  let systemd: SystemdStandIn;
  beforeEach(async () => {
    systemd = await SystemdStandIn.start(await dirs.make());
    await systemd.install(executing);
  });
  afterEach(() => systemd.end());

  /** The scopes that were asked for while a window made a session, trials apart. */
  async function scopes(surviveLogout: boolean): Promise<unknown> {
    const status = await withEnvironment({ ...systemd.env, HOLDFAST_SCOPE: undefined }, async () => {
      const window = await project().open({ settings: { surviveLogout } });
      return (await window.create({ command: ['cat'] })).record.status;
    });
    const units = (await systemd.calls()).map((call) => call.replace(/.*--unit=holdfast-/, ''));
    return { status, units: units.filter((unit) => unit !== 'trial') };
  }

  it('are started in scopes of the user’s service manager, which a logout leaves alone', async () => {
    assert.deepEqual(await scopes(true), { status: 'active', units: ['helper', 'host'] });
  });

  it('are started as ever where the user does not want that', async () => {
    assert.deepEqual(await scopes(false), { status: 'active', units: [] });
  });
});
