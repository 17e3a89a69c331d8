/** Candles of one symbol and interval: history by pages, the newest live. */
import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue';

import { ask } from '@/api/client';
import { isAway, toFailure, type Failure } from '@/api/failure';
import { BarsQuery, BarsStream } from '@/api/operations/desk';
import { openStream } from '@/api/streams';
import type { BarInterval, BarsQuery as Answer } from '@/gql/graphql';

import type { Candle } from './indicators';

const PAGE = 500;
const RETRY_MS = 4_000;
type Bar = Answer['bars'][number];

function toCandle(bar: Bar): Candle {
  const number = (text: string): number => Number(text);
  return { time: Math.floor(Date.parse(bar.at) / 1000), open: number(bar.open), high: number(bar.high), low: number(bar.low), close: number(bar.close), volume: number(bar.volume) };
}

export function useCandles(symbol: MaybeRefOrGetter<string>, interval: MaybeRefOrGetter<BarInterval>) {
  const candles = shallowRef<Candle[]>([]);
  const newest = shallowRef<Candle | null>(null);
  const isLoading = ref(false);
  const failure = ref<Failure | null>(null);
  let close: (() => void) | null = null;
  let turn = 0;
  let hasMore = true;
  let isPaging = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  /** Heard before the history is there. */
  let early: Candle[] = [];

  function take(candle: Candle): void {
    if (isLoading.value) early.push(candle);
    const list = candles.value;
    const last = list.at(-1);
    if (last && candle.time < last.time) return;
    if (last?.time === candle.time) list[list.length - 1] = candle;
    else if (last) list.push(candle);
    newest.value = candle;
  }

  /** Listening comes before reading: a candle that begins between the two is not missed. */
  function follow(wanted: { symbol: string; interval: BarInterval }): void {
    close?.();
    close = openStream({ document: BarsStream, variables: wanted, next: (data) => take(toCandle(data.bars)), reopened: () => void read(wanted) });
  }

  async function read(wanted: { symbol: string; interval: BarInterval }): Promise<void> {
    const mine = ++turn;
    clearTimeout(retry);
    isLoading.value = true;
    early = [];
    try {
      const { bars } = await ask(BarsQuery, { ...wanted, limit: PAGE });
      if (mine !== turn) return;
      failure.value = null;
      hasMore = bars.length === PAGE;
      candles.value = bars.map(toCandle);
      isLoading.value = false;
      for (const candle of early) take(candle);
      if (early.length) candles.value = [...candles.value];
    } catch (error) {
      if (mine !== turn) return;
      failure.value = toFailure(error);
      if (isAway(failure.value)) retry = setTimeout(() => void read(wanted), RETRY_MS);
    }
    isLoading.value = false;
  }

  async function load(): Promise<void> {
    const wanted = { symbol: toValue(symbol), interval: toValue(interval) };
    turn += 1;
    clearTimeout(retry);
    close?.();
    close = null;
    candles.value = [];
    newest.value = null;
    hasMore = true;
    failure.value = null;
    if (!wanted.symbol) return;
    follow(wanted);
    await read(wanted);
  }

  /** Read the page before the oldest candle, when there is one. */
  async function older(): Promise<void> {
    const first = candles.value[0];
    if (!first || !hasMore || isPaging) return;
    isPaging = true;
    const mine = turn;
    try {
      const { bars } = await ask(BarsQuery, { symbol: toValue(symbol), interval: toValue(interval), limit: PAGE, to: new Date(first.time * 1000).toISOString() });
      if (mine === turn) {
        hasMore = bars.length === PAGE;
        candles.value = [...bars.map(toCandle), ...candles.value];
      }
    } catch {
      // What is shown stays; scrolling again asks again.
    }
    isPaging = false;
  }

  watch([() => toValue(symbol), () => toValue(interval)], () => void load(), { immediate: true });
  onScopeDispose(() => {
    turn += 1;
    clearTimeout(retry);
    close?.();
  });
  return { candles, newest, isLoading, failure, load, older };
}
