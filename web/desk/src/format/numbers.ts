/**
 * Numbers as people read them, from the decimal text of the API.
 *
 * Promises: money, prices and quantities never pass through a float; what is rounded for the eye is rounded half away from
 * zero; the full text stays available to whoever points at it.
 */
import Big from 'big.js';

const GROUP = /\B(?=(\d{3})+$)/g;
const MINUS = '\u2212';
export const NOTHING = '\u2013';

export type Text = string | null | undefined;

/** Digits after the point of a step such as `0.0010`, whose last zero says nothing. */
export function decimalsOf(step: string): number {
  const fraction = step.split('.')[1] ?? '';
  return fraction.replace(/0+$/, '').length;
}

function grouped(plain: string): string {
  const [whole = '', fraction] = plain.split('.');
  const text = whole.replace(GROUP, ',');
  return fraction ? `${text}.${fraction}` : text;
}

interface Shape {
  /** Exactly so many digits after the point; all that there are if absent. */
  decimals?: number;
  /** A plus before what is above zero. */
  signed?: boolean;
  /** Never rounded: digits beyond `decimals` are shown as well. For what somebody gave, or what was booked. */
  exact?: boolean;
}

const PLAIN = /^(\d+)(?:\.(\d+))?$/;

/** The text of a number above zero that needs no rounding, which most prices are: only filled up with zeros. */
function filled(value: string, decimals: number): string | null {
  const [, whole, fraction = ''] = PLAIN.exec(value) ?? [];
  if (!whole || fraction.length > decimals || (whole.length > 1 && whole.startsWith('0'))) return null;
  return grouped(decimals ? `${whole}.${fraction.padEnd(decimals, '0')}` : whole);
}

export function formatDecimal(value: Text, { decimals, signed = false, exact = false }: Shape = {}): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  const quick = decimals === undefined || signed ? null : filled(value, decimals);
  if (quick !== null) return quick;
  const number = Big(value);
  const all = number.abs().toFixed();
  const isWhole = decimals === undefined || (exact && (all.split('.')[1] ?? '').length > decimals);
  const plain = isWhole ? all : number.abs().toFixed(decimals, Big.roundHalfUp);
  const isZero = !/[1-9]/.test(plain);
  const sign = number.lt(0) && !isZero ? MINUS : signed && number.gt(0) && !isZero ? '+' : '';
  return sign + grouped(plain);
}

const CURRENCY_DECIMALS: Record<string, number> = { BTC: 8, ETH: 6, JPY: 0, KRW: 0 };
export const currencyDecimals = (currency: string): number => CURRENCY_DECIMALS[currency] ?? 2;

export function formatMoney(value: Text, currency = '', signed = false): string {
  return formatDecimal(value, { decimals: currencyDecimals(currency), signed });
}

/** A ratio (0.0123) as a percentage. Ratios of statistics are floats in the API already. */
export function formatRatio(value: number | Text, decimals = 2, signed = false): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (typeof value === 'number' && !Number.isFinite(value)) return NOTHING;
  return `${formatDecimal(Big(value).times(100).toFixed(), { decimals, signed })}%`;
}

/** A figure of unknown scale: so many digits that count, but never a whole digit less than there are. */
export function formatBrief(value: Text, digits = 8): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  const number = Big(value);
  const wholeDigits = number.abs().gte(1) ? number.abs().toFixed(0, Big.roundDown).length : 0;
  const rounded = wholeDigits ? number.round(Math.max(0, digits - wholeDigits), Big.roundHalfUp) : number.prec(digits, Big.roundHalfUp);
  return formatDecimal(rounded.toFixed());
}

/** Large amounts for narrow places: 12.3k, 4.56M. */
export function formatCompact(value: Text): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  const number = Big(value);
  for (const [suffix, unit] of [['B', 1e9], ['M', 1e6], ['k', 1e4]] as const) {
    if (number.abs().gte(unit)) return formatDecimal(number.div(suffix === 'k' ? 1e3 : unit).toFixed(), { decimals: 2 }) + suffix;
  }
  return formatDecimal(value, { decimals: 2 });
}

/** -1, 0 or 1: which colour a number has. */
export function signOf(value: number | Text): -1 | 0 | 1 {
  if (value === null || value === undefined || value === '') return 0;
  const number = Big(value);
  return number.gt(0) ? 1 : number.lt(0) ? -1 : 0;
}

/** What a person typed, as the API's decimal text; null when it is no number. */
export function parseTyped(typed: string): string | null {
  const text = typed.trim().replace(/[,\s_]/g, '').replace('\u2212', '-').replace('\uff0e', '.');
  return /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Big(text).toFixed() : null;
}

/** The nearest multiple of a step; toward zero for quantities. */
export function roundToStep(value: string, step: string, mode: 'nearest' | 'down' = 'nearest'): string {
  const size = Big(step);
  if (size.lte(0)) return value;
  const steps = Big(value).div(size).round(0, mode === 'down' ? Big.roundDown : Big.roundHalfUp);
  return steps.times(size).toFixed();
}

export function nudge(value: string, step: string, count: number): string {
  return Big(value || '0').plus(Big(step).times(count)).toFixed();
}

export const add = (left: string, right: string): string => Big(left).plus(right).toFixed();
export const subtract = (left: string, right: string): string => Big(left).minus(right).toFixed();
export const multiply = (left: string, right: string): string => Big(left).times(right).toFixed();
export const absolute = (value: string): string => Big(value).abs().toFixed();
export const compare = (left: string, right: string): number => Big(left).cmp(right);
/** A ratio of two amounts, as a float for bars and colours; null where it has no meaning. */
export function ratio(part: Text, whole: Text): number | null {
  if (!part || !whole || Big(whole).eq(0)) return null;
  return Number(Big(part).div(whole).toFixed(8));
}
