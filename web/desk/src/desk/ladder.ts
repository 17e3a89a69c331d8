/** The rows of a price ladder: values in, rows out. */
import { add, compare, multiply, roundToStep, subtract } from '@/format/numbers';
import type { OrderRowFragment, QuotePartsFragment } from '@/gql/graphql';

export interface Rung {
  price: string;
  bidSize: string | null;
  askSize: string | null;
  /** The quantity of own orders here, by side. */
  own: { BUY: string; SELL: string };
  ids: { BUY: string[]; SELL: string[] };
  isLast: boolean;
  isBid: boolean;
  isAsk: boolean;
}

const ZERO = '0';

/** Rungs around `centre`, dearest first; each stands for prices from its own up to the next. */
export function rungs(centre: string, step: string, count: number, quote: QuotePartsFragment | undefined, orders: readonly OrderRowFragment[]): Rung[] {
  const top = add(roundToStep(centre, step), multiply(step, String(count)));
  const rows: Rung[] = [];
  for (let index = 0; index <= 2 * count; index += 1) {
    const price = subtract(top, multiply(step, String(index)));
    if (compare(price, ZERO) <= 0) break;
    rows.push({ price, bidSize: null, askSize: null, own: { BUY: ZERO, SELL: ZERO }, ids: { BUY: [], SELL: [] }, isLast: false, isBid: false, isAsk: false });
  }
  const at = (price: string | null | undefined): Rung | undefined => {
    if (!price) return undefined;
    const lowest = roundToStep(price, step, 'down');
    return rows.find((row) => compare(row.price, lowest) === 0);
  };
  if (quote) {
    const [bid, ask, last] = [at(quote.bid), at(quote.ask), at(quote.last)];
    if (bid) Object.assign(bid, { bidSize: quote.bidSize ?? null, isBid: true });
    if (ask) Object.assign(ask, { askSize: quote.askSize ?? null, isAsk: true });
    if (last) last.isLast = true;
  }
  for (const order of orders) {
    const rung = at(order.limitPrice ?? order.stopPrice);
    if (!rung) continue;
    rung.own[order.side] = add(rung.own[order.side], order.remainingQuantity);
    rung.ids[order.side].push(order.id);
  }
  return rows;
}
