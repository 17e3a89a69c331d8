/** The working orders of an account, newest first, and what can be done with each: the same in a blotter and on a phone. */
import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue';

import { toFailure } from '@/api/failure';
import { useRefusalWords } from '@/format/useRefusal';
import { isWorking, type Order } from '@/stores/books';
import { useNotices } from '@/stores/notices';
import { useOrderEntry } from '@/stores/orderEntry';
import { usePerson } from '@/stores/person';
import { useBook } from '@/stores/useBook';

export type Change = 'quantity' | 'limitPrice' | 'stopPrice';

export function useWorkingOrders(accountId: MaybeRefOrGetter<string>) {
  const entry = useOrderEntry();
  const notices = useNotices();
  const { sentenceOf } = useRefusalWords();
  const person = usePerson();
  const book = useBook(accountId);
  /** What the API said of a change, by order: shown at the row that it belongs to. */
  const troubles = ref(new Map<string, string>());

  const rows = computed(() => [...(book.value?.orders.values() ?? [])].filter(isWorking).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)));
  const mayCancel = (row: Order): boolean => person.mayReduce && row.pendingAction !== 'CANCEL';
  const mayChange = (row: Order | undefined): boolean => person.mayTrade && row !== undefined && row.pendingAction !== 'CANCEL';

  async function act(order: Order, doing: Promise<void>): Promise<void> {
    try {
      await doing;
      troubles.value.delete(order.id);
    } catch (error) {
      troubles.value.set(order.id, sentenceOf(toFailure(error)));
      notices.sound('refused');
    }
  }

  const cancel = (order: Order): Promise<void> => act(order, entry.cancel(toValue(accountId), order.id));
  const modify = (order: Order, field: Change, value: string): Promise<void> => act(order, entry.modify(toValue(accountId), order, { [field]: value }));

  return { book, rows, troubles, mayCancel, mayChange, cancel, modify };
}
