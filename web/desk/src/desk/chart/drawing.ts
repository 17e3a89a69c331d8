/** One chart: candles, volume, indicators, and lines of orders that can be taken hold of. */
import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
  LineStyle,
  type AutoscaleInfo,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';

import { add, formatDecimal } from '@/format/numbers';

import { bollinger, ema, rsi, sma, vwap, type Candle, type Indicator, type Point } from './indicators';

export interface ChartLine {
  id: string;
  price: string;
  title: string;
  tone: 'up' | 'down' | 'accent';
  /** An order's price may be dragged; where a position stands may not. */
  movable: boolean;
  /** Whose price it is; nothing for a position. */
  orderId?: string;
}

export interface ChartMark {
  time: number;
  isBuy: boolean;
  quantity: string;
}

const REACH_PX = 6;
const NEAR = 0.004;
const LINES: Record<Exclude<Indicator, 'bollinger' | 'rsi'>, string> = { sma20: '#c98a1b', ema50: '#8f6bd8', vwap: '#1b9aaa' };

const NAMES = ['up', 'down', 'accent', 'line', 'muted', 'panel'] as const;
type Palette = Record<(typeof NAMES)[number], string>;

/** The page's colours. Asking makes the browser settle all styles, so it is asked when they change and not with each price. */
function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

const sameLine = (one: ChartLine, other: ChartLine): boolean => one.price === other.price && one.title === other.title && one.tone === other.tone && one.movable === other.movable;

/** A CSS colour of six digits with an opacity. */
const faint = (hex: string, opacity: string): string => (/^#[\da-f]{6}$/i.test(hex) ? hex + opacity : hex);

/** The room right of the newest candle: labels of lines stand there, and cover none. */
const LABELS_WIDTH = 84;

export class Drawing {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private readonly marks: ISeriesMarkersPluginApi<Time>;
  private indicators: ISeriesApi<'Line'>[] = [];
  private lines = new Map<string, { line: IPriceLine; given: ChartLine }>();
  private colours = palette();
  private shiftSeconds = 0;
  private data: Candle[] = [];
  private shown: readonly Indicator[] = [];

  constructor(
    readonly host: HTMLElement,
    onOlder: () => void,
    /** The chart is drawn anew: heights of prices may have changed. */
    onDrawn: () => void,
  ) {
    this.chart = createChart(host, { autoSize: true, layout: { attributionLogo: false }, rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.22 } }, timeScale: { timeVisible: true, secondsVisible: false, rightOffsetPixels: LABELS_WIDTH } });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false, autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => this.withLines(own()) });
    this.volume = this.chart.addSeries(HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: 'volume', lastValueVisible: false, priceLineVisible: false });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.marks = createSeriesMarkers(this.candles, []);
    this.candles.attachPrimitive({ updateAllViews: onDrawn, paneViews: () => [] });
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < 20) onOlder();
    });
    this.paint();
  }

  /** Take the page's colours over. */
  paint(): void {
    this.colours = palette();
    const { up, down, line, muted: text, panel } = this.colours;
    this.chart.applyOptions({
      layout: { background: { color: panel }, textColor: text, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11, panes: { separatorColor: line } },
      grid: { vertLines: { color: faint(line, '88') }, horzLines: { color: faint(line, '88') } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.setVolume();
    for (const { line: drawn, given } of this.lines.values()) drawn.applyOptions({ color: this.colours[given.tone] });
  }

  private at(time: number): UTCTimestamp {
    return (time + this.shiftSeconds) as UTCTimestamp;
  }

  private setVolume(): void {
    const [up, down] = [faint(this.colours.up, '66'), faint(this.colours.down, '66')];
    this.volume.setData(this.data.map(({ time, open, close, volume }) => ({ time: this.at(time), value: volume, color: close >= open ? up : down })));
  }

  setCandles(data: Candle[], decimals: number, shiftSeconds: number): void {
    this.data = data;
    this.shiftSeconds = shiftSeconds;
    this.candles.applyOptions({ priceFormat: { type: 'custom', formatter: (price: number) => formatDecimal(price.toFixed(decimals), { decimals }), minMove: 10 ** -decimals } });
    this.candles.setData(data.map((candle) => ({ ...candle, time: this.at(candle.time) })));
    this.setVolume();
    this.setIndicators(this.shown);
  }

  /** The newest candle grew, or the next one began. */
  update(candle: Candle): void {
    this.candles.update({ ...candle, time: this.at(candle.time) });
    this.volume.update({ time: this.at(candle.time), value: candle.volume, color: faint(this.colours[candle.close >= candle.open ? 'up' : 'down'], '66') });
  }

  setIndicators(wanted: readonly Indicator[]): void {
    this.shown = wanted;
    for (const series of this.indicators) this.chart.removeSeries(series);
    this.indicators = [];
    for (const name of wanted) {
      if (name === 'bollinger') {
        const { upper, lower } = bollinger(this.data);
        this.addLine(upper, '#7a8aa0');
        this.addLine(lower, '#7a8aa0');
      } else if (name === 'rsi') this.addLine(rsi(this.data), '#b8559a', 1);
      else this.addLine({ sma20: () => sma(this.data, 20), ema50: () => ema(this.data, 50), vwap: () => vwap(this.data) }[name](), LINES[name]);
    }
    const pane = this.chart.panes()[1];
    if (pane) pane.setStretchFactor(0.25);
  }

  private addLine(points: Point[], color: string, pane = 0): void {
    const series = this.chart.addSeries(LineSeries, { color, lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false }, pane);
    series.setData(points.map(({ time, value }) => ({ time: this.at(time), value })));
    this.indicators.push(series);
  }

  setLines(wanted: readonly ChartLine[]): void {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { line }] of this.lines) {
      if (ids.has(id)) continue;
      this.candles.removePriceLine(line);
      this.lines.delete(id);
    }
    for (const given of wanted) {
      const known = this.lines.get(given.id);
      if (known && sameLine(known.given, given)) continue;
      // An order's words stand on a label of its own, with a button.
      const options = { price: Number(given.price), title: given.orderId ? '' : given.title, color: this.colours[given.tone], lineStyle: given.movable ? LineStyle.Dashed : LineStyle.Solid, lineWidth: 1 as const, axisLabelVisible: true };
      if (known) {
        known.line.applyOptions(options);
        known.given = given;
      } else this.lines.set(given.id, { line: this.candles.createPriceLine(options), given });
    }
  }

  /** The scale reaches to the lines that are near the market, so that they can be seen and taken hold of. */
  private withLines(scale: AutoscaleInfo | null): AutoscaleInfo | null {
    if (!scale?.priceRange) return scale;
    const { minValue, maxValue } = scale.priceRange;
    const near = [...this.lines.values()].map(({ given }) => Number(given.price)).filter((price) => price > minValue * (1 - NEAR) && price < maxValue * (1 + NEAR));
    return { ...scale, priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) } };
  }

  /** One mark for what was bought in a candle and one for what was sold, each with its sum: many beside each other cannot be read. */
  setMarks(marks: readonly ChartMark[], sizeOf: (quantity: string) => string): void {
    const first = this.data[0]?.time ?? 0;
    const { up, down } = this.colours;
    const sums = new Map<string, ChartMark>();
    for (const mark of marks) {
      if (mark.time < first) continue;
      const time = this.candleOf(mark.time);
      const key = `${time} ${mark.isBuy}`;
      sums.set(key, { ...mark, time, quantity: add(sums.get(key)?.quantity ?? '0', mark.quantity) });
    }
    const drawn: SeriesMarker<Time>[] = [...sums.values()].map(({ time, isBuy, quantity }) => ({ time: this.at(time), position: isBuy ? 'belowBar' : 'aboveBar', shape: isBuy ? 'arrowUp' : 'arrowDown', color: isBuy ? up : down, text: sizeOf(quantity) }));
    this.marks.setMarkers(drawn.sort((a, b) => Number(a.time) - Number(b.time)));
  }

  private candleOf(time: number): number {
    let found = time;
    for (let index = this.data.length - 1; index >= 0; index -= 1) {
      found = this.data[index]!.time;
      if (found <= time) break;
    }
    return found;
  }

  /** The line that a pointer at this height would take hold of. */
  lineAt(y: number): ChartLine | null {
    let nearest: ChartLine | null = null;
    let distance = REACH_PX;
    for (const { given } of this.lines.values()) {
      const at = this.candles.priceToCoordinate(Number(given.price));
      if (!given.movable || at === null || Math.abs(at - y) > distance) continue;
      distance = Math.abs(at - y);
      nearest = given;
    }
    return nearest;
  }

  priceAt(y: number): number | null {
    return this.candles.coordinateToPrice(y);
  }

  heightOf(price: string): number | null {
    return this.candles.priceToCoordinate(Number(price));
  }

  /** Show a line where it is dragged, before anything is decided. */
  preview(id: string, price: number): void {
    this.lines.get(id)?.line.applyOptions({ price });
  }

  /** While a line is dragged the chart itself holds still. */
  hold(isHeld: boolean): void {
    this.chart.applyOptions({ handleScroll: !isHeld, handleScale: !isHeld });
  }

  fit(): void {
    this.chart.timeScale().scrollToRealTime();
  }

  remove(): void {
    this.chart.remove();
  }
}
