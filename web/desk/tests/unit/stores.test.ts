import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import type { Execution, Order, OrderEvent, Position } from '@/stores/books';

const asked: { document: string; variables: unknown }[] = [];
const answers = new Map<string, unknown>();
const streams: { document: string; variables: Record<string, unknown>; next(data: unknown): void; cursor?(data: unknown): string; reopened?(): void }[] = [];

vi.mock('@/api/client', () => ({
  ask: async (document: object, variables: unknown) => {
    const text = String(document);
    asked.push({ document: text, variables });
    const found = [...answers].find(([name]) => text.includes(name));
    if (!found) throw new Error(`nobody answers ${text}`);
    return typeof found[1] === 'function' ? (found[1] as (given: unknown) => unknown)(variables) : found[1];
  },
}));
vi.mock('@/api/streams', () => ({
  openStream: (options: { document: object }) => {
    streams.push({ ...(options as unknown as (typeof streams)[number]), document: String(options.document) });
    return () => undefined;
  },
}));
vi.stubGlobal('matchMedia', () => ({ matches: true, addEventListener: () => undefined }));

const { Book, isLater, useBooks } = await import('@/stores/books');
const { adopt, usePreferences } = await import('@/stores/preferences');

const order = (given: Partial<Order>): Order => ({ id: 'o', status: 'NEW', version: 1, updatedAt: '2026-01-01T00:00:00Z', ...given }) as Order;
const page = (nodes: object[]): object => ({ pageInfo: { hasNextPage: false }, edges: nodes.map((node) => ({ node })) });

beforeEach(() => {
  setActivePinia(createPinia());
  asked.length = 0;
  streams.length = 0;
  answers.clear();
  localStorage.clear();
});

describe('of two states of an order', () => {
  test.each([
    [{ version: 2 }, { version: 1 }, true],
    [{ version: 1, updatedAt: '2026-01-02' }, { version: 2, updatedAt: '2026-01-01' }, false],
    [{ version: 1, updatedAt: '2026-01-02' }, { version: 1, updatedAt: '2026-01-01' }, true],
    [{ version: 1, updatedAt: '2026-01-01' }, { version: 1, updatedAt: '2026-01-02' }, false],
  ])('%j against %j: later is %s', (candidate, known, later) => {
    expect(isLater(order(candidate), order(known))).toBe(later);
  });
});

describe('the book of an account', () => {
  function open(): InstanceType<typeof Book> {
    answers.set('EventCursor', { account: { eventCursor: 'c0' } });
    answers.set('OpenOrders', { orders: page([order({ id: 'a' }), order({ id: 'b' })]) });
    answers.set('PositionsOf', { positions: [{ id: 'p', symbol: 'S', side: 'LONG', quantity: '1', updatedAt: '1' } as Position] });
    answers.set('Executions', { executions: page([{ id: 'e' }]) });
    const book = new Book('account');
    book.open();
    return book;
  }
  const stream = (name: string) => {
    const found = streams.find(({ document }) => document.includes(`subscription ${name}(`));
    if (!found) throw new Error(`no stream ${name}`);
    return found;
  };
  const happen = (given: Partial<OrderEvent>): void => stream('OrderEvents').next({ orderEvents: { cursor: 'c', kind: 'NEW', ...given } });

  test('listens from before it reads, so that nothing is missed between', async () => {
    const book = open();
    await vi.waitFor(() => expect(stream('OrderEvents').variables).toEqual({ accountId: 'account', after: 'c0' }));
    happen({ order: order({ id: 'a', version: 2, status: 'CANCELED' }) });
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    // What was read is older than what was heard.
    expect(book.orders.get('a')?.status).toBe('CANCELED');
    expect(book.orders.get('b')?.status).toBe('NEW');
    expect(book.positions.size).toBe(1);
    expect(book.executions.has('e')).toBe(true);
  });

  test('an order that ended while nobody listened goes, one that came meanwhile stays', async () => {
    const book = open();
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    answers.set('OpenOrders', () => {
      happen({ order: order({ id: 'new' }) });
      return { orders: page([order({ id: 'b' })]) };
    });
    stream('OrderEvents').reopened?.();
    await vi.waitFor(() => expect(book.orders.has('a')).toBe(false));
    expect([...book.orders.keys()].sort()).toEqual(['b', 'new']);
  });

  test('a position that is flat is none, and an older state changes nothing', async () => {
    const book = open();
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    const put = (given: object): void => stream('Positions').next({ positions: { id: 'p', side: 'LONG', ...given } });
    put({ quantity: '3', updatedAt: '3' });
    put({ quantity: '2', updatedAt: '2' });
    expect(book.positions.get('p')?.quantity).toBe('3');
    put({ side: 'FLAT', updatedAt: '4' });
    expect(book.positions.size).toBe(0);
  });

  test('a position whose end was not heard is read again after the execution that ended it', async () => {
    const book = open();
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    answers.set('PositionsOf', { positions: [] });
    vi.useFakeTimers();
    happen({ order: order({}), kind: 'TRADE', execution: { id: 'e2', symbol: 'S', at: '2' } as Execution });
    await vi.advanceTimersByTimeAsync(2_000);
    vi.useRealTimers();
    expect(book.positions.size).toBe(0);
  });

  test('of executions the newest are kept, whether they were heard or read', async () => {
    const book = open();
    answers.set('Executions', () => {
      happen({ order: order({}), kind: 'TRADE', execution: { id: 'heard', at: '2026-01-03' } as Execution });
      return { executions: page(Array.from({ length: 300 }, (_, index) => ({ id: `read-${index}`, at: `2026-01-02T${String(999 - index)}` }))) };
    });
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    expect(book.executions.size).toBe(300);
    expect([...book.executions.keys()].at(-1)).toBe('heard');
    expect(book.executions.has('read-299')).toBe(false);
  });

  test('what is corrected or taken back is read again, with what it changed', async () => {
    const book = open();
    await vi.waitFor(() => expect(book.isLoaded.value).toBe(true));
    answers.set('Executions', { executions: page([{ id: 'e', bustedAt: '2', correctedBy: 'e2' }, { id: 'e2' }]) });
    happen({ order: order({}), kind: 'TRADE_CORRECTED', execution: { id: 'e2' } as Execution });
    await vi.waitFor(() => expect(book.executions.get('e')?.correctedBy).toBe('e2'));
  });

  test('a listener hears each event once', async () => {
    answers.set('EventCursor', { account: { eventCursor: 'c0' } });
    const heard: string[] = [];
    const stop = useBooks().onEvent((event) => heard.push(event.kind));
    useBooks().use('account');
    await vi.waitFor(() => stream('OrderEvents'));
    happen({ order: order({}), kind: 'TRADE' });
    stop();
    happen({ order: order({}), kind: 'CANCELED' });
    expect(heard).toEqual(['TRADE']);
  });

  test('what cannot be read is told', async () => {
    const book = new Book('account');
    book.open();
    await vi.waitFor(() => expect(book.failure.value?.code).toBe('NETWORK'));
  });
});

describe('preferences', () => {
  test('of what was saved only what is of the right kind is taken over', () => {
    const defaults = usePreferences().values;
    expect(adopt(defaults, { language: 'zh', sound: 'yes', watchlist: {}, layouts: { a: 1 }, unknown: 1 })).toEqual({ language: 'zh', layouts: { a: 1 } });
    expect(adopt(defaults, null)).toEqual({});
    expect(adopt(defaults, 'text')).toEqual({});
  });

  test('only the keys that changed are saved, together', async () => {
    vi.useFakeTimers();
    answers.set('SavePreferences', {});
    const preferences = usePreferences();
    preferences.load('me', { language: 'en' });
    preferences.set('theme', 'light');
    preferences.set('symbol', 'A');
    preferences.set('symbol', 'B');
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(asked.map(({ variables }) => variables)).toEqual([{ preferences: { theme: 'light', symbol: 'B' } }]);
  });

  test('in Chinese what rises is red, unless somebody says otherwise', () => {
    const preferences = usePreferences();
    preferences.set('language', 'zh');
    expect(preferences.isRedUp).toBe(true);
    preferences.set('trend', 'green-up');
    expect(preferences.isRedUp).toBe(false);
  });

  test('nothing personal stays behind for the next one', () => {
    const preferences = usePreferences();
    preferences.load('me', { language: 'zh', watchlist: ['A'], account: 'x', oneClick: true });
    preferences.leave();
    expect(preferences.values).toMatchObject({ language: 'zh', watchlist: [], account: '', oneClick: false });
    expect(localStorage.getItem('tradegraph:desk:preferences')).not.toContain('watchlist');
  });

  test('what somebody who never signed out left here is not the next one’s', () => {
    usePreferences().load('me', { language: 'zh', watchlist: ['A'], layouts: { current: {} } });
    setActivePinia(createPinia());
    // Mine again in a page loaded anew, before and after the answer.
    usePreferences().load('me', {});
    expect(usePreferences().values.watchlist).toEqual(['A']);
    setActivePinia(createPinia());
    usePreferences().load('another', { symbol: 'B' });
    expect(usePreferences().values).toMatchObject({ language: 'zh', watchlist: [], layouts: {}, symbol: 'B' });
  });
});

describe('preferences of several tabs', () => {
  test('what another tab changed holds here too, except what each tab looks at', () => {
    const preferences = usePreferences();
    preferences.load('ann', {});
    preferences.set('account', 'mine');
    const told = { ...preferences.values, owner: 'ann', account: 'theirs', oneClick: true, layouts: { Evening: {} } };
    localStorage.setItem('tradegraph:desk:preferences', JSON.stringify(told));
    window.dispatchEvent(Object.assign(new Event('storage'), { key: 'tradegraph:desk:preferences' }));
    expect([preferences.values.account, preferences.values.oneClick, Object.keys(preferences.values.layouts)]).toEqual(['mine', true, ['Evening']]);
    localStorage.setItem('tradegraph:desk:preferences', JSON.stringify({ ...told, owner: 'bob', oneClick: false }));
    window.dispatchEvent(Object.assign(new Event('storage'), { key: 'tradegraph:desk:preferences' }));
    expect(preferences.values.oneClick).toBe(true);
  });

  test('a layout is saved beside those that were saved elsewhere meanwhile', async () => {
    answers.set('query Viewer', { viewer: { id: 'ann', preferences: { layouts: { Elsewhere: {} } } } });
    const preferences = usePreferences();
    preferences.load('ann', { layouts: { Old: {} } });
    expect(Object.keys(await preferences.newest('layouts'))).toEqual(['Elsewhere']);
  });
});
