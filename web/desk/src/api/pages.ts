/** Endless lists: pages by cursor, put one behind the other. */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';

import type { TypedDocumentString } from '@/gql/graphql';

import { ask } from './client';
import { isAway, toFailure, type Failure } from './failure';
import { onHealed } from './streams';

const RETRY_MS = 4_000;
/** As many rows as one answer may have. */
const MOST = 500;

interface Connection<Node> {
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  edges: readonly { node: Node }[];
}

export interface Pages<Node> {
  rows: ShallowRef<Node[]>;
  isLoading: Ref<boolean>;
  hasMore: Ref<boolean>;
  failure: Ref<Failure | null>;
  more(): Promise<void>;
  reload(): Promise<void>;
}

/** Every row of a list, page by page; `told` hears how many there are so far. */
export async function readAll<Data, Variables extends { after?: string | null; first?: number | null }, Node>(
  document: TypedDocumentString<Data, Variables>,
  variables: Omit<Variables, 'after' | 'first'>,
  connectionOf: (data: Data) => Connection<Node> | null | undefined,
  told: (count: number) => void = () => undefined,
): Promise<Node[]> {
  const rows: Node[] = [];
  let after: string | null | undefined = null;
  do {
    const connection: Connection<Node> | null | undefined = connectionOf(await ask(document, { ...variables, first: MOST, after } as unknown as Variables));
    rows.push(...(connection?.edges.map(({ node }) => node) ?? []));
    told(rows.length);
    after = connection?.pageInfo.hasNextPage ? connection.pageInfo.endCursor : null;
  } while (after);
  return rows;
}

export function usePages<Data, Variables extends { after?: string | null; first?: number | null }, Node>(
  document: TypedDocumentString<Data, Variables>,
  variables: () => Omit<Variables, 'after' | 'first'> | null,
  connectionOf: (data: Data) => Connection<Node> | null | undefined,
  first = 100,
): Pages<Node> {
  const rows = shallowRef<Node[]>([]);
  // Until it is known what to ask for, the list is on its way too.
  const isLoading = ref(true);
  const hasMore = ref(false);
  const failure = ref<Failure | null>(null);
  let cursor: string | null = null;
  let turn = 0;
  let isReading = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  async function read(isFresh: boolean, most = first): Promise<void> {
    const given = variables();
    if (!given || (isReading && !isFresh)) return;
    clearTimeout(retry);
    const mine = ++turn;
    isLoading.value = true;
    isReading = true;
    try {
      const data = await ask(document, { ...given, first: isFresh ? most : first, after: isFresh ? null : cursor } as unknown as Variables);
      if (mine !== turn) return;
      const connection = connectionOf(data);
      const found = connection?.edges.map(({ node }) => node) ?? [];
      rows.value = isFresh ? found : [...rows.value, ...found];
      hasMore.value = connection?.pageInfo.hasNextPage ?? false;
      cursor = connection?.pageInfo.endCursor ?? null;
      failure.value = null;
    } catch (error) {
      if (mine !== turn) return;
      failure.value = toFailure(error);
      if (isAway(failure.value)) retry = setTimeout(() => void read(isFresh, most), RETRY_MS);
    }
    isLoading.value = false;
    isReading = false;
  }

  watch(
    () => JSON.stringify(variables()),
    () => {
      turn += 1;
      clearTimeout(retry);
      rows.value = [];
      hasMore.value = false;
      failure.value = null;
      isLoading.value = true;
      void read(true);
    },
    { immediate: true },
  );
  // As many rows as were there, so that nobody loses their place.
  onHealed(() => void read(true, Math.min(MOST, Math.max(first, rows.value.length))));
  onScopeDispose(() => {
    clearTimeout(retry);
    turn += 1;
  });
  return {
    rows,
    isLoading,
    hasMore,
    failure,
    more: async () => {
      if (hasMore.value) await read(false);
    },
    reload: () => read(true),
  };
}
