/** A case's evidence as a picture: points over time, each series with its own mark. */
import type { AnomalyCaseSeriesKind } from '@/gql/graphql';

export interface CasePoint {
  at: string;
  value: number;
  size?: number | null;
}

export interface CaseSeries {
  kind: AnomalyCaseSeriesKind;
  points: readonly CasePoint[];
}

/** Prices share an axis; amounts, readings and scores have pictures of their own. */
const PRICES: readonly AnomalyCaseSeriesKind[] = ['BUY_FILLS', 'SELL_FILLS', 'BUY_ORDERS', 'SELL_ORDERS', 'CANCELS'];
const MARKS: Record<AnomalyCaseSeriesKind, { symbol: string; color: string; rotate?: number }> = {
  BUY_FILLS: { symbol: 'triangle', color: '--up' },
  SELL_FILLS: { symbol: 'triangle', color: '--down', rotate: 180 },
  BUY_ORDERS: { symbol: 'emptyCircle', color: '--up' },
  SELL_ORDERS: { symbol: 'emptyCircle', color: '--down' },
  CANCELS: { symbol: 'rect', color: '--muted' },
  AMOUNTS: { symbol: 'circle', color: '--accent' },
  SAMPLES: { symbol: 'circle', color: '--accent' },
  SCORES: { symbol: 'diamond', color: '--red' },
};
const SMALLEST = 7;
const LARGEST = 22;
const SHORTEST_MS = 120_000;

/** The series that belong into one picture: prices together, else what is measured, else the scores. */
export function chosenSeries(chart: readonly CaseSeries[]): readonly CaseSeries[] {
  const prices = chart.filter(({ kind }) => PRICES.includes(kind));
  if (prices.length) return prices;
  const measured = chart.filter(({ kind }) => kind !== 'SCORES');
  return measured.length ? measured : chart;
}

/** Marks grow with the root of what they stand for, so that areas compare. */
export function markSize(size: number | null | undefined, largest: number): number {
  return size && largest > 0 ? SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(Math.min(size / largest, 1)) : SMALLEST;
}

/** Points within a moment get some time around them: an axis of its own choice would be days long. */
export function spanOf(shown: readonly CaseSeries[]): { min?: number; max?: number } {
  const times = shown.flatMap(({ points }) => points.map(({ at }) => Date.parse(at)));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return times.length && last - first < SHORTEST_MS ? { min: first - SHORTEST_MS, max: last + SHORTEST_MS } : {};
}

export function evidenceOption(chart: readonly CaseSeries[], name: (kind: AnomalyCaseSeriesKind) => string): Record<string, unknown> {
  const shown = chosenSeries(chart);
  const largest = Math.max(0, ...shown.flatMap(({ points }) => points.map(({ size }) => size ?? 0)));
  return {
    grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
    legend: { top: 0, textStyle: { color: '--muted' } },
    tooltip: { trigger: 'item' },
    xAxis: { type: 'time', ...spanOf(shown) },
    yAxis: { type: 'value', scale: true },
    series: shown.map(({ kind, points }) => ({
      name: name(kind),
      type: kind === 'SAMPLES' ? 'line' : 'scatter',
      symbol: MARKS[kind].symbol,
      symbolRotate: MARKS[kind].rotate ?? 0,
      itemStyle: { color: MARKS[kind].color },
      lineStyle: { color: MARKS[kind].color },
      data: points.map(({ at, value, size }) => ({ value: [at, value], symbolSize: markSize(size, largest) })),
    })),
  };
}
