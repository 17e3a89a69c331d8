/** Candles of one symbol and interval: history by pages, the newest live. */
import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue';

import { ask } from '@/api/client';
import { toFailure, type Failure } from '@/api/failure';
import { BarsQuery, BarsStream } from '@/api/operations/desk';
import { openStream } from '@/api/streams';
import type { BarInterval, BarsQuery as Answer } from '@/gql/graphql';

import type { Candle } from './indicators';

const PAGE = 500;
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

  function take(candle: Candle): void {
    const list = candles.value;
    const last = list.at(-1);
    if (last && candle.time < last.time) return;
    if (last?.time === candle.time) list[list.length - 1] = candle;
    else list.push(candle);
    newest.value = candle;
  }

  async function load(): Promise<void> {
    const mine = ++turn;
    const wanted = { symbol: toValue(symbol), interval: toValue(interval) };
    close?.();
    close = null;
    candles.value = [];
    newest.value = null;
    hasMore = true;
    if (!wanted.symbol) return;
    isLoading.value = true;
    failure.value = null;
    try {
      const { bars } = await ask(BarsQuery, { ...wanted, limit: PAGE });
      if (mine !== turn) return;
      candles.value = bars.map(toCandle);
      hasMore = bars.length === PAGE;
      close = openStream({ document: BarsStream, variables: wanted, next: (data) => take(toCandle(data.bars)), reopened: () => void load() });
    } catch (error) {
      if (mine === turn) failure.value = toFailure(error);
    }
    if (mine === turn) isLoading.value = false;
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
    close?.();
  });
  return { candles, newest, isLoading, failure, load, older };
}
