/** Failures: the field that a form marks is named as in the form, wherever the API found it. */
import { expect, it } from 'vitest';

import { fromCoded } from '@/api/failure';

const fieldOf = (field: unknown) => fromCoded({ message: 'no', extensions: { code: 'BAD_USER_INPUT', field } }).field;

it('names the field within its argument', () => {
  expect(fieldOf('input.quantity')).toBe('quantity');
  expect(fieldOf('input.orders.3.limitPrice')).toBe('orders.limitPrice');
  expect(fieldOf('input.entry.stopPrice')).toBe('entry.stopPrice');
  expect(fieldOf('accountId')).toBe('accountId');
  expect(fieldOf('ids.2')).toBe('ids');
  expect(fieldOf(undefined)).toBeUndefined();
});
