import { findMarked } from '../../support/markedProcesses.ts';
import { currentTestRun } from '../../support/testRun.ts';

const marks = { extensionHost: '--type=extensionHost', helper: 'helper.cjs', host: 'host.cjs' } as const;

/** The ids of the running extension hosts, helpers or session hosts of this test run. */
export async function editorProcesses(kind: keyof typeof marks): Promise<number[]> {
  const processes = await findMarked(`HOLDFAST_TEST_RUN=${currentTestRun().id}`);
  return processes.filter(({ command }) => command.includes(marks[kind])).map(({ pid }) => pid);
}
