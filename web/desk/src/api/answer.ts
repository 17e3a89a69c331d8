/** What a page asks when it opens, and again when it is told to: data, failure and whether an answer is on its way. */
import { useQuery } from '@urql/vue';
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue';

import type { TypedDocumentString } from '@/gql/graphql';

import { fromCombined, type Failure } from './failure';

export interface AnswerHandle<Data> {
  data: ComputedRef<Data | undefined>;
  failure: ComputedRef<Failure | null>;
  isLoading: ComputedRef<boolean>;
  again(): void;
}

export function useAnswer<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: MaybeRefOrGetter<Variables>,
  options: { pause?: MaybeRefOrGetter<boolean> } = {},
): AnswerHandle<Data> {
  const query = useQuery<Data, Record<string, unknown>>({
    query: document.toString(),
    variables: computed(() => toValue(variables) as Record<string, unknown>),
    pause: computed(() => toValue(options.pause ?? false)),
  });
  return {
    data: computed(() => query.data.value as Data | undefined),
    failure: computed(() => (query.error.value ? fromCombined(query.error.value) : null)),
    isLoading: computed(() => query.fetching.value),
    again: () => query.executeQuery({ requestPolicy: 'network-only' }),
  };
}
