/** What a ticket holds and how it becomes an order: values in, values out. */
import { parseTyped } from '@/format/numbers';
import { instantOf, type Zone } from '@/format/times';
import type { OffsetKind, OrderLegInput, OrderType, PlaceBracketInput, PlaceOcoInput, PlaceOrderInput, Side, TimeInForce, TriggerPrice } from '@/gql/graphql';

export const ORDER_TYPES: readonly OrderType[] = [
  'MARKET',
  'LIMIT',
  'STOP',
  'STOP_LIMIT',
  'TRAILING_STOP',
  'TRAILING_STOP_LIMIT',
  'MARKET_IF_TOUCHED',
  'LIMIT_IF_TOUCHED',
  'MARKET_TO_LIMIT',
];

export type Mode = 'SINGLE' | 'BRACKET' | 'OCO';

export type NumberField = 'quantity' | 'limitPrice' | 'stopPrice' | 'trailingOffset' | 'limitOffset' | 'activationPrice';

export interface Draft {
  type: OrderType;
  quantity: string;
  limitPrice: string;
  stopPrice: string;
  trailingOffset: string;
  trailingOffsetKind: OffsetKind;
  limitOffset: string;
  activationPrice: string;
  triggerPrice: TriggerPrice;
  timeInForce: TimeInForce;
  expiresAt: string;
  postOnly: boolean;
  reduceOnly: boolean;
  strategy: string;
  // Bracket: what the entry is protected by. OCO: the other order.
  takeProfit: string;
  stopLoss: string;
  otherType: OrderType;
  otherLimitPrice: string;
  otherStopPrice: string;
}

export const emptyDraft = (): Draft => ({
  type: 'LIMIT',
  quantity: '',
  limitPrice: '',
  stopPrice: '',
  trailingOffset: '',
  trailingOffsetKind: 'PRICE',
  limitOffset: '',
  activationPrice: '',
  triggerPrice: 'BID_ASK',
  timeInForce: 'DAY',
  expiresAt: '',
  postOnly: false,
  reduceOnly: false,
  strategy: '',
  takeProfit: '',
  stopLoss: '',
  otherType: 'STOP',
  otherLimitPrice: '',
  otherStopPrice: '',
});

const LIMITS: ReadonlySet<OrderType> = new Set(['LIMIT', 'STOP_LIMIT', 'LIMIT_IF_TOUCHED']);
const STOPS: ReadonlySet<OrderType> = new Set(['STOP', 'STOP_LIMIT', 'MARKET_IF_TOUCHED', 'LIMIT_IF_TOUCHED']);
const TRAILING: ReadonlySet<OrderType> = new Set(['TRAILING_STOP', 'TRAILING_STOP_LIMIT']);

export const needsLimit = (type: OrderType): boolean => LIMITS.has(type);
export const needsStop = (type: OrderType): boolean => STOPS.has(type);
export const isTrailing = (type: OrderType): boolean => TRAILING.has(type);
export const isTriggered = (type: OrderType): boolean => needsStop(type) || isTrailing(type);
/** Only what rests in the book at a limit can be post-only. */
export const mayPostOnly = (draft: Draft): boolean => needsLimit(draft.type) && !['IOC', 'FOK'].includes(draft.timeInForce);

export function timesInForce(type: OrderType): TimeInForce[] {
  return isTriggered(type) ? ['DAY', 'GTC', 'GTD'] : ['DAY', 'GTC', 'GTD', 'IOC', 'FOK'];
}

export interface Place {
  accountId: string;
  symbol: string;
  side: Side;
  clientOrderId?: string;
}

/** The fields that are empty or no numbers; an order can be checked when there are none. */
export function missing(draft: Draft, mode: Mode): string[] {
  const needed: [string, string][] = [['quantity', draft.quantity]];
  if (needsLimit(draft.type)) needed.push(['limitPrice', draft.limitPrice]);
  if (needsStop(draft.type)) needed.push(['stopPrice', draft.stopPrice]);
  if (isTrailing(draft.type)) needed.push(['trailingOffset', draft.trailingOffset]);
  if (draft.type === 'TRAILING_STOP_LIMIT') needed.push(['limitOffset', draft.limitOffset]);
  if (mode === 'OCO') {
    if (needsLimit(draft.otherType)) needed.push(['otherLimitPrice', draft.otherLimitPrice]);
    if (needsStop(draft.otherType)) needed.push(['otherStopPrice', draft.otherStopPrice]);
  }
  if (mode === 'BRACKET' && !draft.takeProfit && !draft.stopLoss) needed.push(['takeProfit', '']);
  const optional: [string, string][] = [
    ['activationPrice', isTrailing(draft.type) ? draft.activationPrice : ''],
    ['takeProfit', mode === 'BRACKET' ? draft.takeProfit : ''],
    ['stopLoss', mode === 'BRACKET' ? draft.stopLoss : ''],
  ];
  const wrong = [...needed.filter(([, typed]) => parseTyped(typed) === null), ...optional.filter(([, typed]) => typed !== '' && parseTyped(typed) === null)];
  if (draft.timeInForce === 'GTD' && !draft.expiresAt) wrong.push(['expiresAt', '']);
  return [...new Set(wrong.map(([name]) => name))];
}

/** The fields that a ticket shows for what was chosen: what the API refuses at another one is told below them. */
export function shownFields(draft: Draft, mode: Mode): string[] {
  const fields = ['quantity'];
  if (needsStop(draft.type)) fields.push('stopPrice');
  if (needsLimit(draft.type)) fields.push('limitPrice');
  if (isTrailing(draft.type)) fields.push('trailingOffset', 'activationPrice');
  if (draft.type === 'TRAILING_STOP_LIMIT') fields.push('limitOffset');
  if (draft.timeInForce === 'GTD') fields.push('expiresAt');
  if (mode === 'BRACKET') fields.push('takeProfit', 'stopLoss');
  if (mode === 'OCO' && needsStop(draft.otherType)) fields.push('otherStopPrice');
  if (mode === 'OCO' && needsLimit(draft.otherType)) fields.push('otherLimitPrice');
  return fields;
}

const OTHER_FIELDS: Record<string, string> = { limitPrice: 'otherLimitPrice', stopPrice: 'otherStopPrice' };

/** The field of the ticket that is meant by a field of the API's input: `entry.quantity` is the quantity, `takeProfit.limitPrice` the take profit. */
export function ticketField(field: string | undefined): string | undefined {
  const [part, inner] = field?.split('.') ?? [];
  if (part === 'takeProfit' || part === 'stopLoss') return part;
  if (part === 'second' && inner) return OTHER_FIELDS[inner] ?? inner;
  return (part === 'entry' || part === 'first') && inner ? inner : field;
}

const value = (typed: string): string | undefined => parseTyped(typed) ?? undefined;

export function toOrder(draft: Draft, place: Place, zone: Zone): PlaceOrderInput {
  const { type } = draft;
  const trailing = isTrailing(type);
  return {
    ...place,
    type,
    quantity: value(draft.quantity) ?? draft.quantity,
    limitPrice: needsLimit(type) ? value(draft.limitPrice) : undefined,
    stopPrice: needsStop(type) ? value(draft.stopPrice) : undefined,
    trailingOffset: trailing ? value(draft.trailingOffset) : undefined,
    trailingOffsetKind: draft.trailingOffsetKind,
    limitOffset: type === 'TRAILING_STOP_LIMIT' ? value(draft.limitOffset) : undefined,
    activationPrice: trailing && draft.activationPrice ? value(draft.activationPrice) : undefined,
    triggerPrice: draft.triggerPrice,
    timeInForce: draft.timeInForce,
    expiresAt: draft.timeInForce === 'GTD' && draft.expiresAt ? instantOf(draft.expiresAt, zone) : undefined,
    postOnly: draft.postOnly && mayPostOnly(draft),
    reduceOnly: draft.reduceOnly,
    positionEffect: 'AUTO',
    strategy: draft.strategy.trim() || undefined,
  };
}

const leg = (type: OrderType, prices: Partial<OrderLegInput>, clientOrderId?: string): OrderLegInput => ({
  type,
  timeInForce: 'GTC',
  trailingOffsetKind: 'PRICE',
  clientOrderId,
  ...prices,
});

export function toBracket(draft: Draft, place: Place, zone: Zone): PlaceBracketInput {
  const id = (suffix: string): string | undefined => place.clientOrderId && `${place.clientOrderId}-${suffix}`;
  return {
    entry: toOrder(draft, place, zone),
    takeProfit: draft.takeProfit ? leg('LIMIT', { limitPrice: value(draft.takeProfit) }, id('tp')) : undefined,
    stopLoss: draft.stopLoss ? leg('STOP', { stopPrice: value(draft.stopLoss) }, id('sl')) : undefined,
  };
}

/** The other order of a pair, as a draft of its own. */
export const otherDraft = (draft: Draft): Draft => ({
  ...draft,
  type: draft.otherType,
  limitPrice: draft.otherLimitPrice,
  stopPrice: draft.otherStopPrice,
  timeInForce: isTriggered(draft.otherType) && ['IOC', 'FOK'].includes(draft.timeInForce) ? 'DAY' : draft.timeInForce,
});

export function toOco(draft: Draft, place: Place, zone: Zone): PlaceOcoInput {
  return {
    first: toOrder(draft, place, zone),
    second: toOrder(otherDraft(draft), { ...place, clientOrderId: place.clientOrderId && `${place.clientOrderId}-2` }, zone),
  };
}

/** Not crypto.randomUUID: that exists on HTTPS and localhost alone, and a desk's server may be neither. */
export function newClientOrderId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return `desk-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
