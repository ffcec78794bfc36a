import assert from 'node:assert/strict';
import { sessionColumns } from '../../../src/cli/listCommand.ts';
import { formatTable } from '../../../src/cli/table.ts';

describe('the list of sessions on a terminal of 40 columns', () => {
  const statuses: [status: string, shown: RegExp][] = [
    ['running, unresponsive', /^login +running, unresponsive\b/],
    ['recovering, attempt 1 of 3 in 12 s', /^login +recovering, attempt 1 of 3 .*$/],
  ];
  for (const [status, shown] of statuses) {
    it(`tells rather how a session is than what it runs: ${status}`, () => {
      const cells = ['login', status, 'feature/login', '5m', 'now', '12345', 'npm run watch -- --all'];
      const rows = [sessionColumns.map(({ heading }) => ({ text: heading })), cells.map((text) => ({ text }))];
      const fit = { width: 40, columns: sessionColumns };
      const [, line = ''] = formatTable(rows, { fit, paint: (_, text) => text });
      assert.match(line, shown);
      assert.ok(line.length <= 40);
    });
  }
});
