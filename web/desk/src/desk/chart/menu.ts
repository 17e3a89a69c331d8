/** What can be ordered at a price of the chart: values in, values out. */
import { compare } from '@/format/numbers';
import type { OrderType, Side } from '@/gql/graphql';

export interface MenuOrder {
  side: Side;
  type: Extract<OrderType, 'LIMIT' | 'STOP'>;
}

/** The orders that would wait at a price: below the market a purchase is a limit and a sale a stop, above it the reverse. */
export function ordersAt(price: string, market: string | null | undefined): MenuOrder[] {
  if (market && compare(price, market) > 0) {
    return [
      { side: 'SELL', type: 'LIMIT' },
      { side: 'BUY', type: 'STOP' },
    ];
  }
  return [
    { side: 'BUY', type: 'LIMIT' },
    { side: 'SELL', type: 'STOP' },
  ];
}

/** Labels of prices, each at its height; those that would cover another stand beside it. */
export function placeLabels<Label extends { y: number }>(labels: readonly Label[], height: number, near = 20): (Label & { column: number })[] {
  const placed: (Label & { column: number })[] = [];
  for (const label of [...labels].filter(({ y }) => y >= 0 && y <= height).sort((a, b) => a.y - b.y)) {
    const taken = new Set(placed.filter(({ y }) => label.y - y < near).map(({ column }) => column));
    let column = 0;
    while (taken.has(column)) column += 1;
    placed.push({ ...label, column });
  }
  return placed;
}
