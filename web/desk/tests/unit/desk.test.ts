import { describe, expect, test } from 'vitest';

import { bollinger, ema, rsi, sma, vwap, type Candle } from '@/desk/chart/indicators';
import { ordersAt, placeLabels } from '@/desk/chart/menu';
import { bindings, keyOf } from '@/desk/hotkeys';
import { rungs } from '@/desk/ladder';
import { isLayout } from '@/desk/layouts';
import { spreadsheetText, toCsv } from '@/format/csv';
import { formatDuration, formatMoment, instantOf, offsetSeconds } from '@/format/times';
import type { OrderRowFragment, QuotePartsFragment } from '@/gql/graphql';
import { gatherFlows } from '@/pages/account/flows';
import { chosenSeries, evidenceOption, markSize, spanOf, type CaseSeries } from '@/pages/surveillance/chart';
import { readEvidence } from '@/pages/surveillance/evidence';
import { replayRange } from '@/pages/surveillance/replay';
import { canReplay, KINDS } from '@/pages/surveillance/words';

const candles = (closes: number[]): Candle[] => closes.map((close, index) => ({ time: index * 60, open: close, high: close, low: close, close, volume: 1 }));

describe('a price of the chart', () => {
  test('below the market one buys at a limit and sells at a stop, above it the reverse', () => {
    const at = (price: string, market?: string): string[] => ordersAt(price, market).map(({ side, type }) => `${side} ${type}`);
    expect(at('99', '100')).toEqual(['BUY LIMIT', 'SELL STOP']);
    expect(at('100', '100')).toEqual(['BUY LIMIT', 'SELL STOP']);
    expect(at('100.5', '100')).toEqual(['SELL LIMIT', 'BUY STOP']);
    expect(at('100')).toEqual(['BUY LIMIT', 'SELL STOP']);
  });

  test('labels that would cover one another stand side by side, those out of sight nowhere', () => {
    const placed = placeLabels([{ y: 30 }, { y: 10 }, { y: 25 }, { y: 60 }, { y: -1 }, { y: 101 }], 100);
    expect(placed).toEqual([
      { y: 10, column: 0 },
      { y: 25, column: 1 },
      { y: 30, column: 0 },
      { y: 60, column: 0 },
    ]);
  });
});

describe('indicators', () => {
  test('averages', () => {
    expect(sma(candles([1, 2, 3, 4]), 2).map(({ value }) => value)).toEqual([1.5, 2.5, 3.5]);
    expect(ema(candles([1, 2, 3, 4]), 3).map(({ value }) => value)).toEqual([2, 3]);
    expect(sma(candles([1]), 2)).toEqual([]);
  });

  test('bands lie two deviations from the average', () => {
    const { upper, lower } = bollinger(candles([1, 3]), 2);
    expect([upper[0]?.value, lower[0]?.value]).toEqual([4, 0]);
  });

  test('strength is 100 where nothing falls, and in the middle where gains equal losses', () => {
    expect(rsi(candles([1, 2, 3, 4]), 3).at(-1)?.value).toBe(100);
    expect(rsi(candles([1, 2, 1]), 2).at(-1)?.value).toBe(50);
  });

  test('the volume-weighted price begins anew each day', () => {
    const [first, second] = candles([10, 20]);
    const nextDay = { ...second!, time: 86_400 };
    expect(vwap([first!, nextDay]).map(({ value }) => value)).toEqual([10, 20]);
  });
});

describe('the ladder', () => {
  const quote = { symbol: 'S', bid: '99.9', ask: '100.1', bidSize: '5', askSize: '7', last: '100', stale: false, at: '' } as QuotePartsFragment;
  const order = (side: string, limitPrice: string): OrderRowFragment => ({ id: `${side}${limitPrice}`, side, limitPrice, remainingQuantity: '2' }) as OrderRowFragment;

  test('prices fall by the step and carry the best sizes and own orders', () => {
    const rows = rungs('100', '0.1', 3, quote, [order('BUY', '99.8'), order('BUY', '99.8'), order('SELL', '100.3')]);
    expect(rows.map(({ price }) => price)).toEqual(['100.3', '100.2', '100.1', '100', '99.9', '99.8', '99.7']);
    expect(rows[2]).toMatchObject({ askSize: '7', isAsk: true });
    expect(rows[4]).toMatchObject({ bidSize: '5', isBid: true });
    expect(rows[5]?.own.BUY).toBe('4');
    expect(rows[5]?.ids.BUY).toHaveLength(2);
    expect(rows[0]?.own.SELL).toBe('2');
  });

  test('rows of several ticks gather what lies between, and none is below zero', () => {
    const rows = rungs('1', '0.5', 5, undefined, [order('BUY', '0.7')]);
    expect(rows.at(-1)?.price).toBe('0.5');
    expect(rows.at(-1)?.own.BUY).toBe('2');
  });
});

describe('keys', () => {
  const event = (key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent => ({ key, code: '', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more }) as KeyboardEvent;

  test('are written as in the table', () => {
    expect(keyOf(event('b'))).toBe('b');
    expect(keyOf(event('X', { shiftKey: true }))).toBe('Shift+X');
    expect(keyOf(event('?', { shiftKey: true }))).toBe('?');
    expect(keyOf(event('\u00a1', { altKey: true, code: 'Digit1' }))).toBe('Alt+1');
  });

  test('a person can change and remove them', () => {
    expect(bindings({ buy: 'F2', sell: '' })).toMatchObject({ buy: 'F2', sell: '', help: '?' });
  });
});

describe('charts', () => {
  const flow = (createdAt: string, amount: string, kind: 'DEPOSIT' | 'WITHDRAWAL' = 'DEPOSIT') => ({ createdAt, amount, kind });
  const curve = [{ at: '2026-07-01T00:00:00Z' }, { at: '2026-07-01T09:00:00Z' }];

  test('flows close together are one mark, with their sum', () => {
    const marks = gatherFlows([flow('2026-07-01T05:20:00Z', '-30.5', 'WITHDRAWAL'), flow('2026-07-01T05:00:00Z', '100.1'), flow('2026-07-01T00:10:00Z', '5')], curve);
    expect(marks).toEqual([
      { at: '2026-07-01T00:10:00Z', amount: '5', kinds: ['DEPOSIT'] },
      { at: '2026-07-01T05:00:00Z', amount: '69.6', kinds: ['DEPOSIT', 'WITHDRAWAL'] },
    ]);
    expect(gatherFlows([flow('2026-07-01T05:00:00Z', '1')], [])).toHaveLength(1);
  });

  test('a single point has time around it, points far apart need none', () => {
    const series = (...times: string[]) => [{ kind: 'AMOUNTS' as const, points: times.map((at) => ({ at, value: 1 })) }];
    const alone = spanOf(series('2026-07-01T05:00:00Z'));
    expect(alone.max! - alone.min!).toBeLessThan(3_600_000);
    expect(spanOf(series('2026-07-01T05:00:00Z', '2026-07-02T05:00:00Z'))).toEqual({});
    expect(spanOf([])).toEqual({});
  });
});

describe('times', () => {
  test.each([
    ['2026-07-01T09:30', 'America/New_York', '2026-07-01T13:30:00.000Z'],
    ['2026-01-05T09:30', 'America/New_York', '2026-01-05T14:30:00.000Z'],
    ['2026-07-01T09:30', 'Asia/Shanghai', '2026-07-01T01:30:00.000Z'],
    // Hours after clocks went forward, the offset is the new one.
    ['2026-03-08T03:30', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['2026-11-30T00:00', 'UTC', '2026-11-30T00:00:00.000Z'],
  ])('%s in %s is %s', (local, zone, instant) => {
    expect(instantOf(local, zone)).toBe(instant);
  });

  test('are shown in the zone that was chosen', () => {
    expect(formatMoment('2026-01-31T23:30:00.123456789Z', 'en', 'Asia/Shanghai')).toBe('2026-02-01 07:30:00');
    expect(offsetSeconds(Date.UTC(2026, 6, 1), 'America/New_York')).toBe(-4 * 3600);
    expect(offsetSeconds(Date.UTC(2026, 0, 1), 'America/New_York')).toBe(-5 * 3600);
  });

  test('spans are in one unit', () => {
    expect(formatDuration(5400, 'en')).toBe('1.5 hr');
  });
});

test('a spreadsheet runs nothing that a file of ours holds', () => {
  expect(toCsv(['a', 'b'], [{ a: '-1+cmd|x', b: '＝1' }])).toBe("a,b\r\n'-1+cmd|x,'＝1\r\n");
  expect(toCsv(['a', 'b'], [{ a: '=1+1', b: 'x,"y"' }, { a: '-5', b: null }])).toBe('a,b\r\n\'=1+1,"x,""y"""\r\n-5,\r\n');
});

test('a text of a table is no formula, and a number stays one', () => {
  expect(['=1+1', '@SUM(A1)', '+1+1', '-2+3+cmd|x', '\t=1'].map(spreadsheetText)).toEqual(["'=1+1", "'@SUM(A1)", "'+1+1", "'-2+3+cmd|x", "'\t=1"]);
  expect(['-1,234.50', '+0.5 %', '-1.234,5', null, 7].map(spreadsheetText)).toEqual(['-1,234.50', '+0.5 %', '-1.234,5', '', '7']);
});

test('a saved layout is used only if its panels exist', () => {
  expect(isLayout({ grid: {}, panels: { chart: { contentComponent: 'chart' } } })).toBe(true);
  expect(isLayout({ grid: {}, panels: { chart: { contentComponent: 'gone' } } })).toBe(false);
  expect(isLayout('text')).toBe(false);
});

test('evidence of any shape becomes facts, lines and tables', () => {
  const found = readEvidence({ note: 'x', deep: { a: 1 }, sizes: [1, '2', 3], fills: [{ at: 'a', size: 1 }, { at: 'b' }] });
  expect(found.facts).toEqual([['note', 'x'], ['deep', '{"a":1}']]);
  expect(found.series).toEqual([{ name: 'sizes', values: [1, 2, 3] }]);
  expect(found.tables).toEqual([{ name: 'fills', columns: ['at', 'size'], rows: [['a', '1'], ['b', '']] }]);
  expect(readEvidence(null).facts).toEqual([]);
});

describe('a case as a picture', () => {
  const at = '2026-03-02T10:00:00Z';
  const series = (kind: CaseSeries['kind'], ...sizes: (number | null)[]): CaseSeries => ({ kind, points: sizes.map((size, index) => ({ at, value: 100 + index, size })) });

  test('prices share one, without the scores', () => {
    const chart = [series('SCORES', null), series('BUY_FILLS', 1), series('CANCELS', 2), series('AMOUNTS', null)];
    expect(chosenSeries(chart).map(({ kind }) => kind)).toEqual(['BUY_FILLS', 'CANCELS']);
    expect(chosenSeries([series('SCORES', null), series('SAMPLES', null)]).map(({ kind }) => kind)).toEqual(['SAMPLES']);
    expect(chosenSeries([series('SCORES', null)]).map(({ kind }) => kind)).toEqual(['SCORES']);
    expect(chosenSeries([])).toEqual([]);
  });

  test('marks grow with the root of their size', () => {
    expect([markSize(null, 9), markSize(0, 9), markSize(9, 9), markSize(9, 0)]).toEqual([7, 7, 22, 7]);
    expect(markSize(1, 4)).toBeCloseTo(7 + 15 / 2);
    const option = evidenceOption([series('BUY_FILLS', 4), series('SELL_FILLS', 1)], (kind) => kind.toLowerCase()) as { series: { name: string; data: { value: unknown[]; symbolSize: number }[] }[] };
    expect(option.series.map(({ name, data }) => [name, data[0]?.value, data[0]?.symbolSize])).toEqual([
      ['buy_fills', [at, 100], 22],
      ['sell_fills', [at, 100], 14.5],
    ]);
  });
});

test('a replay ends now and begins so many days before', () => {
  expect(replayRange(new Date('2026-03-08T00:00:00Z'), 7)).toEqual({ from: '2026-03-01T00:00:00.000Z', to: '2026-03-08T00:00:00.000Z' });
});

test('every detector can be chosen, and all but those of prices and samples replayed', () => {
  expect(new Set(KINDS).size).toBe(KINDS.length);
  expect(KINDS.filter((kind) => !canReplay(kind))).toEqual(['STALE_MARKET_DATA', 'SYSTEM_PERFORMANCE']);
});
