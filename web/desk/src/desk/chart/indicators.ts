/** The usual indicators over closing prices. Drawings, not money: floats are right here. */
export interface Point {
  time: number;
  value: number;
}

export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export function sma(candles: readonly Candle[], length: number): Point[] {
  const points: Point[] = [];
  let sum = 0;
  candles.forEach(({ time, close }, index) => {
    sum += close;
    if (index >= length) sum -= candles[index - length]?.close ?? 0;
    if (index >= length - 1) points.push({ time, value: sum / length });
  });
  return points;
}

export function ema(candles: readonly Candle[], length: number): Point[] {
  const weight = 2 / (length + 1);
  const points: Point[] = [];
  let value = 0;
  let seed = 0;
  candles.forEach(({ time, close }, index) => {
    if (index < length) seed += close;
    if (index < length - 1) return;
    // It begins with the plain average, as charts do.
    value = index === length - 1 ? seed / length : value + weight * (close - value);
    points.push({ time, value });
  });
  return points;
}

export function bollinger(candles: readonly Candle[], length = 20, width = 2): { upper: Point[]; lower: Point[] } {
  const upper: Point[] = [];
  const lower: Point[] = [];
  sma(candles, length).forEach(({ time, value }, index) => {
    const window = candles.slice(index, index + length);
    const variance = window.reduce((sum, { close }) => sum + (close - value) ** 2, 0) / length;
    const reach = width * Math.sqrt(variance);
    upper.push({ time, value: value + reach });
    lower.push({ time, value: value - reach });
  });
  return { upper, lower };
}

/** Wilder's relative strength index. */
export function rsi(candles: readonly Candle[], length = 14): Point[] {
  const points: Point[] = [];
  let gain = 0;
  let loss = 0;
  for (let index = 1; index < candles.length; index += 1) {
    const change = candles[index]!.close - candles[index - 1]!.close;
    const [up, down] = [Math.max(change, 0), Math.max(-change, 0)];
    if (index <= length) {
      gain += up / length;
      loss += down / length;
    } else {
      gain = (gain * (length - 1) + up) / length;
      loss = (loss * (length - 1) + down) / length;
    }
    if (index >= length) points.push({ time: candles[index]!.time, value: loss === 0 ? 100 : 100 - 100 / (1 + gain / loss) });
  }
  return points;
}

/** Volume-weighted average price since the first candle of each UTC day. */
export function vwap(candles: readonly Candle[]): Point[] {
  const DAY = 86_400;
  let day = -1;
  let money = 0;
  let volume = 0;
  const points: Point[] = [];
  for (const candle of candles) {
    const today = Math.floor(candle.time / DAY);
    if (today !== day) [day, money, volume] = [today, 0, 0];
    money += ((candle.high + candle.low + candle.close) / 3) * candle.volume;
    volume += candle.volume;
    if (volume > 0) points.push({ time: candle.time, value: money / volume });
  }
  return points;
}

export const INDICATORS = ['sma20', 'ema50', 'bollinger', 'vwap', 'rsi'] as const;
export type Indicator = (typeof INDICATORS)[number];
