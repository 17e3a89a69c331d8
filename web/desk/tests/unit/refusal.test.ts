import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { emptyDraft, shownFields, ticketField, toBracket, toOco, toOrder, type Draft } from '@/desk/ticket';
import { deviceName } from '@/format/device';
import { SENTENCES, translate } from '@/i18n/zh/refusals';

const ROOT = '../..';
const PLACE = { accountId: 'a', symbol: 'S', side: 'BUY' as const, clientOrderId: 'c' };
const draft = (given: Partial<Draft>): Draft => ({ ...emptyDraft(), ...given });

/** The texts of the platform's sources, each value in them a 1. */
function sentences(): string[] {
  return ['domain', 'api'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.py'))
      .flatMap((path) => [...readFileSync(join(ROOT, folder, path), 'utf8').matchAll(/f?"((?:[^"\\\n]|\\.)+)"/g)].map(([, text]) => text!.replace(/\{[^{}]*(?:\([^()]*\))?[^{}]*\}/g, '1'))),
  );
}

describe('what the API refuses', () => {
  test('is told in Chinese: each sentence that has a translation is one of the platform', () => {
    const known = sentences();
    expect(known.length).toBeGreaterThan(1_000);
    expect(SENTENCES.filter(([pattern]) => !known.some((text) => pattern.test(text))).map(String)).toEqual([]);
  });

  test('keeps its figures in translation; what has none is left to the caller', () => {
    expect(translate('A password needs at least 12 characters.')).toBe('密码至少需要 12 个字符。');
    expect(translate('Something new.')).toBeNull();
  });
});

describe('a field of the API’s input is one of the ticket', () => {
  test.each([
    ['entry.quantity', 'quantity'],
    ['takeProfit.limitPrice', 'takeProfit'],
    ['stopLoss.stopPrice', 'stopLoss'],
    ['first.limitPrice', 'limitPrice'],
    ['second.limitPrice', 'otherLimitPrice'],
    ['second.stopPrice', 'otherStopPrice'],
    ['second.quantity', 'quantity'],
    ['quantity', 'quantity'],
  ])('%s', (given, wanted) => expect(ticketField(given)).toBe(wanted));

  test('every number that is sent has a field that is shown', () => {
    const full = draft({ quantity: '1', limitPrice: '2', stopPrice: '3', takeProfit: '4', stopLoss: '5', otherLimitPrice: '6', otherStopPrice: '7', otherType: 'STOP_LIMIT', type: 'STOP_LIMIT' });
    const numbers = (sent: object, prefix = ''): string[] =>
      Object.entries(sent).flatMap(([key, value]) => (value && typeof value === 'object' ? numbers(value as object, `${prefix}${key}.`) : /quantity|Price$/.test(key) && key !== 'triggerPrice' && value ? [`${prefix}${key}`] : []));
    const cases = [
      ['SINGLE', toOrder(full, PLACE, '')],
      ['BRACKET', toBracket(full, PLACE, '')],
      ['OCO', toOco(full, PLACE, '')],
    ] as const;
    for (const [mode, sent] of cases) {
      expect(numbers(sent).length).toBeGreaterThan(2);
      for (const field of numbers(sent)) expect(shownFields(full, mode), `${mode} ${field}`).toContain(ticketField(field));
    }
  });

  test('the time of expiry is one of the zone that the person chose', () => {
    const order = toOrder(draft({ quantity: '1', limitPrice: '2', timeInForce: 'GTD', expiresAt: '2026-11-30T09:30' }), PLACE, 'Asia/Shanghai');
    expect(order.expiresAt).toBe('2026-11-30T01:30:00.000Z');
  });
});

test('programs have the names that people know', () => {
  expect(deviceName('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36')).toBe('Chrome 131, Linux');
  expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1')).toBe('Safari 18, iOS');
  expect(deviceName('Python-urllib/3.11')).toBe('Python-urllib/3.11');
  expect(deviceName(null)).toBe('');
});
