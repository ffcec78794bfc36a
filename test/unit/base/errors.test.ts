import assert from 'node:assert/strict';
import { errorCodes, fromErrorShape, HoldfastError, toErrorShape } from '../../../src/base/errors.ts';

describe('an error', () => {
  it('is the same after it crossed a process boundary as JSON', () => {
    const error = new HoldfastError('MAX_SESSIONS', 'Too many.', { advice: 'Destroy one.', data: { limit: 4 } });
    const { code, message, advice, data } = fromErrorShape(JSON.parse(JSON.stringify(toErrorShape(error))));
    assert.deepEqual(
      { code, message, advice, data },
      { code: 'MAX_SESSIONS', message: 'Too many.', advice: 'Destroy one.', data: { limit: 4 } },
    );
  });

  it('reads as its message and its advice', () => {
    assert.equal(
      new HoldfastError('DISK_FULL', 'The disk is full.', { advice: 'Free some.' }).text,
      'The disk is full. Free some.',
    );
  });

  for (const [what, thrown, message] of [
    ['an error of the system', new Error('boom'), 'boom'],
    ['a string', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
  ] as const) {
    it(`is of an unknown kind where ${what} was thrown`, () => {
      assert.deepEqual(toErrorShape(thrown), { code: 'UNKNOWN', message });
    });
  }

  for (const [what, shape] of [
    ['a code that a newer version has', { code: 'NEW_CODE', message: 'text' }],
    ['fields of other types', { code: 7, message: 'text', advice: 7, data: 7 }],
  ] as const) {
    it(`with ${what} is read as one of an unknown kind`, () => {
      const { code, message } = fromErrorShape(shape);
      assert.deepEqual({ code, message }, { code: 'UNKNOWN', message: 'text' });
    });
  }

  it('has a code that no other has', () => {
    assert.equal(new Set(errorCodes).size, errorCodes.length);
  });
});
