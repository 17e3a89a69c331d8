/**
 * The tickets that are being written, and the sending of orders from anywhere on the desk.
 *
 * Promises: a ticket keeps its client order id until the API has answered, so sending it again after a lost answer cannot
 * make a second order; nothing typed is lost when an order is refused. Panels of one colour share a ticket.
 */
import { defineStore } from 'pinia';
import { reactive, ref } from 'vue';

import { ask } from '@/api/client';
import { toFailure, type Failure } from '@/api/failure';
import { CancelOrderMutation, CancelOrdersMutation, ModifyOrderMutation, PlaceBracketMutation, PlaceOcoMutation, PlaceOrderMutation } from '@/api/operations/desk';
import { emptyDraft, newClientOrderId, ticketField, toBracket, toOco, toOrder, type Draft, type Mode } from '@/desk/ticket';
import type { ModifyOrderInput, OrderRowFragment, PlaceOrderInput, Side } from '@/gql/graphql';

import { useBooks } from './books';
import { usePreferences } from './preferences';

type QuickOrder = Omit<PlaceOrderInput, 'clientOrderId' | 'triggerPrice' | 'trailingOffsetKind' | 'positionEffect' | 'reduceOnly'> & Partial<Pick<PlaceOrderInput, 'positionEffect'>>;

// After these the order may have been taken all the same.
const UNKNOWN = new Set(['NETWORK', 'UNAVAILABLE']);

export const useOrderEntry = defineStore('orderEntry', () => {
  const books = useBooks();

  function put(accountId: string, orders: readonly OrderRowFragment[]): void {
    const { book, release } = books.use(accountId);
    for (const order of orders) book.putOrder(order);
    book.changes.value += 1;
    release();
  }

  /** An order from a click. Whoever may send it again after a lost answer gives its id, and it is the same order. */
  async function quick(input: QuickOrder, clientOrderId = newClientOrderId()): Promise<OrderRowFragment> {
    const given: PlaceOrderInput = { positionEffect: 'AUTO', ...input, clientOrderId, triggerPrice: 'BID_ASK', trailingOffsetKind: 'PRICE', reduceOnly: false };
    const { placeOrder } = await ask(PlaceOrderMutation, { input: given });
    put(String(input.accountId), [placeOrder.order]);
    return placeOrder.order;
  }

  async function modify(accountId: string, order: OrderRowFragment, change: Omit<ModifyOrderInput, 'id'>): Promise<void> {
    const { modifyOrder } = await ask(ModifyOrderMutation, { input: { id: order.id, expectedVersion: order.version, ...change } });
    put(accountId, [modifyOrder.order]);
  }

  async function cancel(accountId: string, id: string): Promise<void> {
    const { cancelOrder } = await ask(CancelOrderMutation, { id });
    put(accountId, [cancelOrder.order]);
  }

  async function cancelAll(accountId: string, symbol?: string): Promise<number> {
    const { cancelOrders } = await ask(CancelOrdersMutation, { input: { accountId, symbol } });
    put(accountId, cancelOrders.orders);
    return cancelOrders.orders.length;
  }

  return { put, quick, modify, cancel, cancelAll };
});

function setupTicket() {
  const entry = useOrderEntry();
  const preferences = usePreferences();
  const draft = reactive<Draft>(emptyDraft());
  const mode = ref<Mode>('SINGLE');
  const side = ref<Side>('BUY');
  const isSending = ref(false);
  const failure = ref<Failure | null>(null);
  /** The last order's fate, until the next is written. */
  const outcome = ref<OrderRowFragment | null>(null);
  /** The answer to the last send was lost: sending again is safe. */
  const isUncertain = ref(false);
  let clientOrderId = newClientOrderId();

  async function place(accountId: string, symbol: string): Promise<OrderRowFragment[]> {
    const { zone } = preferences.values;
    const where = { accountId, symbol, side: side.value, clientOrderId };
    if (mode.value === 'BRACKET') return (await ask(PlaceBracketMutation, { input: toBracket(draft, where, zone) })).placeBracket.orders;
    if (mode.value === 'OCO') return (await ask(PlaceOcoMutation, { input: toOco(draft, where, zone) })).placeOco.orders;
    return [(await ask(PlaceOrderMutation, { input: toOrder(draft, where, zone) })).placeOrder.order];
  }

  async function send(accountId: string, symbol: string): Promise<boolean> {
    if (isSending.value) return false;
    isSending.value = true;
    failure.value = null;
    outcome.value = null;
    try {
      const orders = await place(accountId, symbol);
      entry.put(accountId, orders);
      const refused = orders.filter(({ status }) => status === 'REJECTED');
      // Of a group the one that was refused for a reason of its own says why.
      outcome.value = refused.find(({ rejectReason }) => rejectReason !== 'GROUP_REJECTED') ?? refused[0] ?? orders[0] ?? null;
      isUncertain.value = false;
      clientOrderId = newClientOrderId();
    } catch (error) {
      const refused = toFailure(error);
      failure.value = { ...refused, field: ticketField(refused.field) };
      isUncertain.value = UNKNOWN.has(refused.code);
    }
    isSending.value = false;
    return failure.value === null && outcome.value?.status !== 'REJECTED';
  }

  /** What is written changed: it is another order than the one whose answer was lost. */
  function edited(): void {
    if (isUncertain.value) clientOrderId = newClientOrderId();
    isUncertain.value = false;
    failure.value = null;
    outcome.value = null;
  }

  return { draft, mode, side, isSending, failure, outcome, isUncertain, send, edited };
}

const defineTicket = (key: string) => defineStore(`ticket:${key}`, setupTicket);
const definitions = new Map<string, ReturnType<typeof defineTicket>>();

/** The ticket of a colour, or of a panel without one. */
export function useTicket(key: string): ReturnType<ReturnType<typeof defineTicket>> {
  const known = definitions.get(key) ?? defineTicket(key);
  definitions.set(key, known);
  return known();
}
export type Ticket = ReturnType<typeof useTicket>;
