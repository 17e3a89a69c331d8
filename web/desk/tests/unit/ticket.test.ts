import { describe, expect, test } from 'vitest';

import { emptyDraft, isTrailing, missing, needsLimit, needsStop, newClientOrderId, ORDER_TYPES, timesInForce, toBracket, toOco, toOrder, type Draft } from '@/desk/ticket';

const PLACE = { accountId: 'a', symbol: 'S', side: 'BUY' as const, clientOrderId: 'c' };
const FULL: Partial<Draft> = { quantity: '1,000.50', limitPrice: '10', stopPrice: '11', trailingOffset: '2', limitOffset: '1', activationPrice: '12' };
const draft = (given: Partial<Draft>): Draft => ({ ...emptyDraft(), ...given });

describe('a ticket becomes an order', () => {
  test.each(ORDER_TYPES)('%s carries the prices that it takes, and no others', (type) => {
    const order = toOrder(draft({ ...FULL, type }), PLACE, '');
    expect(order.quantity).toBe('1000.5');
    expect(order.limitPrice !== undefined).toBe(needsLimit(type));
    expect(order.stopPrice !== undefined).toBe(needsStop(type));
    expect(order.trailingOffset !== undefined).toBe(isTrailing(type));
    expect(order.limitOffset !== undefined).toBe(type === 'TRAILING_STOP_LIMIT');
    expect(order.activationPrice !== undefined).toBe(isTrailing(type));
    expect(order.clientOrderId).toBe('c');
  });

  test.each(ORDER_TYPES)('%s says which numbers it needs', (type) => {
    const gaps = missing(draft({ type }), 'SINGLE');
    expect(gaps).toContain('quantity');
    expect(gaps.includes('limitPrice')).toBe(needsLimit(type));
    expect(gaps.includes('stopPrice')).toBe(needsStop(type));
    expect(missing(draft({ ...FULL, type }), 'SINGLE')).toEqual([]);
  });

  test('what is no number is told, also where it is optional', () => {
    expect(missing(draft({ ...FULL, type: 'LIMIT', limitPrice: 'ten' }), 'SINGLE')).toEqual(['limitPrice']);
    expect(missing(draft({ ...FULL, type: 'TRAILING_STOP', activationPrice: 'x' }), 'SINGLE')).toEqual(['activationPrice']);
    expect(missing(draft({ ...FULL, type: 'LIMIT', timeInForce: 'GTD' }), 'SINGLE')).toEqual(['expiresAt']);
  });

  test('post only holds for what rests in the book alone', () => {
    expect(toOrder(draft({ ...FULL, type: 'LIMIT', postOnly: true }), PLACE, '').postOnly).toBe(true);
    expect(toOrder(draft({ ...FULL, type: 'LIMIT', postOnly: true, timeInForce: 'IOC' }), PLACE, '').postOnly).toBe(false);
    expect(toOrder(draft({ ...FULL, type: 'MARKET', postOnly: true }), PLACE, '').postOnly).toBe(false);
  });

  test('what waits for a trigger is never immediate', () => {
    expect(timesInForce('STOP')).not.toContain('IOC');
    expect(timesInForce('LIMIT')).toContain('FOK');
  });

  test('a bracket has an exit at least, each leg an id of its own', () => {
    const given = draft({ ...FULL, type: 'LIMIT', takeProfit: '12', stopLoss: '9' });
    expect(missing({ ...given, takeProfit: '', stopLoss: '' }, 'BRACKET')).toEqual(['takeProfit']);
    const bracket = toBracket(given, PLACE, '');
    expect(bracket.takeProfit).toMatchObject({ type: 'LIMIT', limitPrice: '12', clientOrderId: 'c-tp' });
    expect(bracket.stopLoss).toMatchObject({ type: 'STOP', stopPrice: '9', clientOrderId: 'c-sl' });
    expect(toBracket({ ...given, stopLoss: '' }, PLACE, '').stopLoss).toBeUndefined();
  });

  test('the other order of a pair has its own type and prices', () => {
    const pair = toOco(draft({ ...FULL, type: 'LIMIT', timeInForce: 'IOC', otherType: 'STOP', otherStopPrice: '15' }), PLACE, '');
    expect(pair.second).toMatchObject({ type: 'STOP', stopPrice: '15', limitPrice: undefined, timeInForce: 'DAY', clientOrderId: 'c-2' });
  });

  test('ids do not repeat', () => {
    expect(new Set(Array.from({ length: 1000 }, newClientOrderId)).size).toBe(1000);
  });
});
