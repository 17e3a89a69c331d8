/**
 * Instruments and their newest quotes.
 *
 * Promises: a symbol is followed while somebody looks at it; quotes are taken over together, twenty times a second however many
 * arrive, so that fast markets cost one painting for all symbols and leave the frames between to whoever works.
 */
import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref, shallowReactive, toValue, watch, type MaybeRefOrGetter } from 'vue';

import { ask } from '@/api/client';
import { isAway, toFailure, type Failure } from '@/api/failure';
import { InstrumentsQuery, QuotesStream } from '@/api/operations/desk';
import { openStream } from '@/api/streams';
import { decimalsOf } from '@/format/numbers';
import type { InstrumentHeadFragment, QuotePartsFragment } from '@/gql/graphql';

import { usePreferences } from './preferences';

export type Instrument = InstrumentHeadFragment & { priceDecimals: number; sizeDecimals: number };
export type Quote = QuotePartsFragment;

const INTERVAL_MS = 50;
const PAINT_MS = 50;
const PAGE = 500;
const MAX_PAGES = 10;
const SETTLE_MS = 30;
const RETRY_MS = 4_000;

export const useMarket = defineStore('market', () => {
  const preferences = usePreferences();
  const instruments = shallowReactive(new Map<string, Instrument>());
  const quotes = shallowReactive(new Map<string, Quote>());
  const isLoaded = ref(false);
  const failure = ref<Failure | null>(null);
  const firstQuotes = new Map<string, Quote>();
  const wanted = new Map<string, number>();
  let followed = '';
  let close: (() => void) | null = null;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let arrived = new Map<string, Quote>();
  let isDue = false;
  let paintedAt = 0;

  const symbols = computed(() => [...instruments.keys()]);
  /** Those that trade now first: a newcomer should see something move. */
  const liveliest = computed(() => {
    if (!isLoaded.value) return [];
    const isLive = (symbol: string): number => Number(firstQuotes.get(symbol)?.stale === false);
    return [...symbols.value].sort((a, b) => isLive(b) - isLive(a) || a.localeCompare(b));
  });
  const selected = computed(() => {
    const chosen = preferences.values.symbol;
    return instruments.has(chosen) ? chosen : (liveliest.value[0] ?? '');
  });

  async function load(): Promise<void> {
    try {
      let after: string | null | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const { instruments: found } = await ask(InstrumentsQuery, { first: PAGE, after });
        for (const { node } of found.edges) {
          instruments.set(node.symbol, { ...node, priceDecimals: decimalsOf(node.tickSize), sizeDecimals: decimalsOf(node.lotSize) });
          if (node.quote) firstQuotes.set(node.symbol, node.quote);
          if (node.quote && !quotes.has(node.symbol)) quotes.set(node.symbol, node.quote);
        }
        if (!found.pageInfo.hasNextPage) break;
        after = found.pageInfo.endCursor;
      }
      failure.value = null;
    } catch (error) {
      failure.value = toFailure(error);
      if (isAway(failure.value)) setTimeout(() => failure.value && void load(), RETRY_MS);
    }
    isLoaded.value = true;
  }

  function paint(): void {
    isDue = false;
    paintedAt = performance.now();
    for (const [symbol, quote] of arrived) quotes.set(symbol, quote);
    arrived = new Map();
  }

  function take(quote: Quote): void {
    arrived.set(quote.symbol, quote);
    if (isDue) return;
    isDue = true;
    // A hidden page has no frames; its newest quotes wait here, one of each symbol.
    const wait = paintedAt + PAINT_MS - performance.now();
    if (wait > 0) setTimeout(() => requestAnimationFrame(paint), wait);
    else requestAnimationFrame(paint);
  }

  function follow(): void {
    const list = [...wanted.keys()].sort();
    const key = list.join();
    if (key === followed) return;
    followed = key;
    const old = close;
    close = list.length
      ? openStream({ document: QuotesStream, variables: { symbols: list, intervalMs: INTERVAL_MS }, next: (data) => take(data.quotes) })
      : null;
    old?.();
  }

  function settle(): void {
    clearTimeout(settling);
    settling = setTimeout(follow, SETTLE_MS);
  }

  /** Follow a symbol until the returned function is called. */
  function watchSymbol(symbol: string): () => void {
    wanted.set(symbol, (wanted.get(symbol) ?? 0) + 1);
    settle();
    return () => {
      const left = (wanted.get(symbol) ?? 1) - 1;
      if (left > 0) wanted.set(symbol, left);
      else wanted.delete(symbol);
      settle();
    };
  }

  function select(symbol: string): void {
    preferences.set('symbol', symbol);
  }

  return { instruments, quotes, symbols, liveliest, selected, isLoaded, failure, load, select, watchSymbol };
});

/** Follow symbols for as long as the component lives. */
export function useSymbols(source: MaybeRefOrGetter<string[]>): void {
  const market = useMarket();
  let closers: (() => void)[] = [];
  const release = (): void => {
    for (const each of closers) each();
    closers = [];
  };
  watch(
    () => toValue(source).join(),
    () => {
      const before = closers;
      closers = toValue(source).filter(Boolean).map((symbol) => market.watchSymbol(symbol));
      for (const each of before) each();
    },
    { immediate: true },
  );
  onScopeDispose(release);
}
