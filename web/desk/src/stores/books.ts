/**
 * Working orders, executions and positions of the accounts that are looked at.
 *
 * Promises: the stream of events begins at the account's cursor of before the orders were read, however late the line comes,
 * and goes on at its cursor after a cut, so nothing is missed; of two states of one order the one with the newer version stays; the same figures as a query at rest.
 */
import { defineStore } from 'pinia';
import { ref, shallowReactive } from 'vue';

import { ask } from '@/api/client';
import { isAway, toFailure, type Failure } from '@/api/failure';
import { EventCursorQuery, ExecutionsQuery, OpenOrdersQuery, OrderEventsStream, PositionsQuery, PositionsStream } from '@/api/operations/desk';
import { openStream } from '@/api/streams';
import type { ExecutionRowFragment, OrderEventsSubscription, OrderRowFragment, PositionRowFragment } from '@/gql/graphql';

export type Order = OrderRowFragment;
export type Execution = ExecutionRowFragment;
export type Position = PositionRowFragment;
export type OrderEvent = OrderEventsSubscription['orderEvents'];

export const WORKING: ReadonlySet<string> = new Set(['HELD', 'PENDING_NEW', 'NEW', 'PARTIALLY_FILLED']);
export const isWorking = (order: Order): boolean => WORKING.has(order.status);

const INTERVAL_MS = 200;
const KEPT_EXECUTIONS = 300;
const KEPT_ENDED = 200;
// So long may the state of a position come after its execution.
const SETTLE_MS = 1_500;
const RETRY_MS = 4_000;
const REWRITES: ReadonlySet<string> = new Set(['TRADE_BUSTED', 'TRADE_CORRECTED']);

/** Which of two states of an order is the later one. */
export function isLater(candidate: Order, known: Order | undefined): boolean {
  if (!known) return true;
  if (candidate.version !== known.version) return candidate.version > known.version;
  return candidate.updatedAt >= known.updatedAt;
}

export class Book {
  readonly orders = shallowReactive(new Map<string, Order>());
  readonly executions = shallowReactive(new Map<string, Execution>());
  readonly positions = shallowReactive(new Map<string, Position>());
  readonly isLoaded = ref(false);
  readonly failure = ref<Failure | null>(null);
  /** Counts what has happened, for charts that draw by themselves. */
  readonly changes = ref(0);
  private readonly closers: (() => void)[] = [];
  private isFollowed = false;
  private isClosed = false;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly accountId: string,
    private readonly told: (event: OrderEvent) => void = () => undefined,
  ) {}

  open(): void {
    this.closers.push(
      openStream({
        document: PositionsStream,
        variables: { accountId: this.accountId, intervalMs: INTERVAL_MS },
        next: (data) => this.putPosition(data.positions),
        reopened: () => void this.readPositions(),
      }),
    );
    void this.load();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.settling);
    clearTimeout(this.retry);
    for (const each of this.closers) each();
  }

  async load(): Promise<void> {
    clearTimeout(this.retry);
    try {
      await this.follow();
      await Promise.all([this.loadOrders(), this.loadPositions(), this.loadExecutions()]);
      this.failure.value = null;
    } catch (error) {
      const failure = toFailure(error);
      this.failure.value = failure;
      if (!this.isClosed && isAway(failure)) this.retry = setTimeout(() => void this.load(), RETRY_MS);
    }
    this.isLoaded.value = true;
    this.changes.value += 1;
  }

  /** Hear of every event after this moment: what is read afterwards knows all before it. */
  private async follow(): Promise<void> {
    if (this.isFollowed) return;
    const { account } = await ask(EventCursorQuery, { accountId: this.accountId });
    if (this.isFollowed || this.isClosed) return;
    this.isFollowed = true;
    this.closers.push(
      openStream({
        document: OrderEventsStream,
        variables: { accountId: this.accountId, after: account?.eventCursor },
        cursor: (data) => data.orderEvents.cursor,
        next: (data) => this.happened(data.orderEvents),
        // Its cursor was refused: what came since is unknown.
        reopened: () => void this.load(),
      }),
    );
  }

  private async loadOrders(): Promise<void> {
    const known = new Set(this.orders.keys());
    const found: Order[] = [];
    let after: string | null | undefined;
    do {
      const { orders } = await ask(OpenOrdersQuery, { accountId: this.accountId, after });
      found.push(...orders.edges.map(({ node }) => node));
      after = orders.pageInfo.hasNextPage ? orders.pageInfo.endCursor : null;
    } while (after);
    const open = new Set(found.map(({ id }) => id));
    for (const order of found) this.putOrder(order);
    // Ended while nobody listened.
    for (const order of this.orders.values()) {
      if (isWorking(order) && known.has(order.id) && !open.has(order.id)) this.orders.delete(order.id);
    }
  }

  private async loadPositions(): Promise<void> {
    const { positions } = await ask(PositionsQuery, { accountId: this.accountId });
    const held = new Set(positions.map(({ id }) => id));
    for (const position of positions) this.putPosition(position);
    for (const id of this.positions.keys()) if (!held.has(id)) this.positions.delete(id);
  }

  /** Read again by itself, with nobody who waits for it. */
  private async again(read: () => Promise<void>): Promise<void> {
    try {
      await read();
      this.changes.value += 1;
    } catch (error) {
      this.failure.value = toFailure(error);
    }
  }

  private readPositions(): Promise<void> {
    return this.again(() => this.loadPositions());
  }

  private async loadExecutions(): Promise<void> {
    const before = new Map(this.executions);
    const { executions } = await ask(ExecutionsQuery, { filter: { accountId: this.accountId }, first: KEPT_EXECUTIONS });
    const all = new Map(executions.edges.map(({ node }) => [node.id, node]));
    for (const [id, execution] of this.executions) {
      // What was heard meanwhile is newer than what was read.
      if (!all.has(id) || before.get(id) !== execution) all.set(id, execution);
    }
    const kept = [...all.values()].sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at))).slice(-KEPT_EXECUTIONS);
    this.executions.clear();
    for (const execution of kept) this.executions.set(execution.id, execution);
  }

  putOrder(order: Order): void {
    if (!isLater(order, this.orders.get(order.id))) return;
    this.orders.set(order.id, order);
    if (!isWorking(order)) this.trim();
  }

  private trim(): void {
    if (this.orders.size <= 2 * KEPT_ENDED) return;
    const ended = [...this.orders.values()].filter((order) => !isWorking(order));
    for (const order of ended.slice(0, Math.max(0, ended.length - KEPT_ENDED))) this.orders.delete(order.id);
  }

  private putExecution(execution: Execution): void {
    this.executions.set(execution.id, execution);
    const [oldest] = this.executions.keys();
    if (this.executions.size > KEPT_EXECUTIONS && oldest) this.executions.delete(oldest);
  }

  putPosition(position: Position): void {
    const known = this.positions.get(position.id);
    if (known && known.updatedAt > position.updatedAt) return;
    if (position.side === 'FLAT') this.positions.delete(position.id);
    else this.positions.set(position.id, position);
  }

  private happened(event: OrderEvent): void {
    this.putOrder(event.order);
    if (event.execution) {
      this.putExecution(event.execution);
      this.settle(event.execution);
    }
    // The event has what stands in an execution's place; what it replaces, and results after it, have changed as well.
    if (REWRITES.has(event.kind)) void this.again(() => this.loadExecutions());
    this.changes.value += 1;
    this.told(event);
  }

  /** A position that its stream closed before it was heard would stay: what an execution did not change is read again. */
  private settle({ symbol, at }: Execution): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      if ([...this.positions.values()].some((position) => position.symbol === symbol && position.updatedAt < at)) void this.readPositions();
    }, SETTLE_MS);
  }
}

export const useBooks = defineStore('books', () => {
  const books = new Map<string, { book: Book; users: number; closing?: ReturnType<typeof setTimeout> }>();
  const LINGER_MS = 15_000;
  const listeners = new Set<(event: OrderEvent) => void>();

  /** The book of an account, live until `release` was called as often. */
  function use(accountId: string): { book: Book; release(): void } {
    let entry = books.get(accountId);
    if (!entry) {
      entry = { book: new Book(accountId, (event) => listeners.forEach((listener) => listener(event))), users: 0 };
      books.set(accountId, entry);
      entry.book.open();
    }
    const held = entry;
    clearTimeout(held.closing);
    held.users += 1;
    return {
      book: held.book,
      release: () => {
        held.users -= 1;
        if (held.users > 0) return;
        held.closing = setTimeout(() => {
          held.book.close();
          books.delete(accountId);
        }, LINGER_MS);
      },
    };
  }

  function clear(): void {
    for (const { book } of books.values()) book.close();
    books.clear();
  }

  /** Hear of what happens to orders of every account that is looked at. */
  function onEvent(listener: (event: OrderEvent) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { use, clear, onEvent };
});
