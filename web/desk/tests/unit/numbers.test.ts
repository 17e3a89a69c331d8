import { describe, expect, test } from 'vitest';

import { compare, decimalsOf, formatBrief, formatCompact, formatDecimal, formatMoney, formatRatio, nudge, parseTyped, ratio, roundToStep, signOf } from '@/format/numbers';

describe('numbers stay exact', () => {
  test.each([
    ['123456789012345678.123456789012345678', undefined, '123,456,789,012,345,678.123456789012345678'],
    ['0.1', 3, '0.100'],
    ['-1250.755', 2, '\u22121,250.76'],
    ['1250.745', 2, '1,250.75'],
    ['-0.001', 2, '0.00'],
    ['999', 0, '999'],
    ['1000', undefined, '1,000'],
    // What needs no rounding is only filled up.
    ['61842.8', 2, '61,842.80'],
    ['61842.80', 2, '61,842.80'],
    ['61842.805', 2, '61,842.81'],
    ['0', 2, '0.00'],
    ['007', 1, '7.0'],
    ['1e3', 0, '1,000'],
    ['-0.00', 2, '0.00'],
    ['9007199254740993', 1, '9,007,199,254,740,993.0'],
  ])('%s with %s decimals is %s', (value, decimals, shown) => {
    expect(formatDecimal(value, { decimals })).toBe(shown);
  });

  test('what is above zero gets a plus where it is asked for, zero none', () => {
    expect(formatMoney('12.5', 'USDT', true)).toBe('+12.50');
    expect(formatMoney('0.001', 'USDT', true)).toBe('0.00');
    expect(formatMoney('-3', 'JPY', true)).toBe('\u22123');
    expect(formatMoney(null)).toBe('\u2013');
  });

  test.each([
    ['1.005', 2, '1.005'],
    ['1.5', 2, '1.50'],
    ['-1.8566172', 2, '\u22121.8566172'],
    ['100000', 2, '100,000.00'],
    ['0.00', 0, '0'],
  ])('%s with at least %s decimals is %s', (value, decimals, shown) => {
    expect(formatDecimal(value, { decimals, exact: true })).toBe(shown);
  });

  test.each([
    ['100.99504938362082', 8, '100.99505'],
    ['0.000012345678912', 4, '0.00001235'],
    ['-1234567890.5', 8, '\u22121,234,567,891'],
    ['70', 6, '70'],
    ['0.05', 6, '0.05'],
    ['0', 6, '0'],
    [null, 6, '\u2013'],
  ])('%s to %s digits is %s', (value, digits, shown) => {
    expect(formatBrief(value, digits)).toBe(shown);
  });

  test('steps of an instrument', () => {
    expect(decimalsOf('0.0010')).toBe(3);
    expect(decimalsOf('5')).toBe(0);
    expect(roundToStep('61842.84', '0.1')).toBe('61842.8');
    expect(roundToStep('0.12999', '0.01', 'down')).toBe('0.12');
    expect(roundToStep('101', '25')).toBe('100');
    expect(nudge('0.3', '0.1', -3)).toBe('0');
    expect(nudge('', '0.05', 2)).toBe('0.1');
  });

  test.each([
    ['1,250.50', '1250.5'],
    [' 0.10 ', '0.1'],
    ['.5', '0.5'],
    ['\u22125', '-5'],
    ['1e5', null],
    ['abc', null],
    ['', null],
    ['1.2.3', null],
  ])('%j typed is %j', (typed, text) => {
    expect(parseTyped(typed)).toBe(text);
  });

  test('signs, comparisons and ratios', () => {
    expect([signOf('-0.000000000000000001'), signOf('0'), signOf('5')]).toEqual([-1, 0, 1]);
    expect(compare('0.30', '0.3')).toBe(0);
    expect(ratio('1', '0')).toBeNull();
    expect(formatRatio('0.12345', 1)).toBe('12.3%');
    expect(formatRatio(Number.NaN)).toBe('\u2013');
    expect(formatCompact('1234567')).toBe('1.23M');
  });
});
