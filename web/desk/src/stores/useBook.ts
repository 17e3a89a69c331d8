/** The book of the account that is looked at, for as long as the component lives. */
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue';

import { useBooks, type Book } from './books';

export function useBook(accountId: MaybeRefOrGetter<string>): ShallowRef<Book | null> {
  const books = useBooks();
  const book = shallowRef<Book | null>(null);
  let release: (() => void) | null = null;
  watch(
    () => toValue(accountId),
    (id) => {
      release?.();
      const used = id ? books.use(id) : null;
      release = used?.release ?? null;
      book.value = used?.book ?? null;
    },
    { immediate: true },
  );
  onScopeDispose(() => release?.());
  return book;
}
