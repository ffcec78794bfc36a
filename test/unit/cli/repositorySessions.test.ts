import assert from 'node:assert/strict';
import { HoldfastError } from '../../../src/base/errors.ts';
import { toAttachError } from '../../../src/cli/attachErrors.ts';
import { explainHelper } from '../../../src/cli/repositorySessions.ts';
import { aRecord } from '../records.ts';

describe('what a helper answers, told to somebody at a shell', () => {
  const refused = new HoldfastError('UNAUTHORIZED', 'The token is wrong.');

  it('says of a token that is refused what happened, what was kept and what to do', () => {
    const { code, text } = explainHelper(refused) as HoldfastError;
    assert.deepEqual(
      [code, text.replace(/ in \S+:/, ' in FOLDER:')],
      [
        'UNAUTHORIZED',
        'The helper that runs refuses the token in FOLDER: that folder was replaced while it ran. Its sessions run on, and nothing was changed. Put the earlier folder back; “holdfast doctor” tells what lives meanwhile.',
      ],
    );
  });

  it('says the same of a session’s host', () => {
    const { code, text } = toAttachError(refused, aRecord({ name: 'login' })) as HoldfastError;
    assert.deepEqual(
      [code, text],
      [
        'UNAUTHORIZED',
        'The host of “login” refuses the token: the state folder was replaced while it ran. The session runs on. Put the earlier folder back; “holdfast doctor” tells what lives meanwhile.',
      ],
    );
  });

  it('leaves other errors as they are', () => {
    const error = new HoldfastError('TIMEOUT', '“login” still runs: its host does not answer.', { data: { id: '1' } });
    assert.equal(explainHelper(error), error);
  });
});
