/** What a page asks when it opens, and again when it is told to: data, failure and whether an answer is on its way. */
import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref, type ShallowRef } from 'vue';

import type { TypedDocumentString } from '@/gql/graphql';

import { ask } from './client';
import { isAway, toFailure, type Failure } from './failure';
import { onHealed } from './streams';

const RETRY_MS = 4_000;

export interface AnswerHandle<Data> {
  data: Readonly<ShallowRef<Data | undefined>>;
  failure: Readonly<Ref<Failure | null>>;
  isLoading: Readonly<Ref<boolean>>;
  again(): Promise<void>;
}

/**
 * The answer to one question, asked anew when its variables change or `again` is called.
 *
 * Promises: `again` sends a request of its own, so after a change it tells of the change; an answer that comes after a
 * later one was asked for is dropped; what nobody answered is asked again, and everything after the line was cut; what was shown stays until the next answer to the same variables, even when that fails.
 */
export function useAnswer<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: MaybeRefOrGetter<Variables>,
  options: { pause?: MaybeRefOrGetter<boolean> } = {},
): AnswerHandle<Data> {
  const data = shallowRef<Data>();
  const failure = ref<Failure | null>(null);
  const isLoading = ref(false);
  let turn = 0;
  let answered = '';
  let retry: ReturnType<typeof setTimeout> | undefined;

  async function again(): Promise<void> {
    const given = toValue(variables);
    const mine = ++turn;
    clearTimeout(retry);
    isLoading.value = true;
    try {
      const found = await ask(document, given);
      if (mine !== turn) return;
      data.value = found;
      answered = JSON.stringify(given);
      failure.value = null;
    } catch (error) {
      if (mine !== turn) return;
      if (answered !== JSON.stringify(given)) data.value = undefined;
      failure.value = toFailure(error);
      if (isAway(failure.value)) retry = setTimeout(() => void again(), RETRY_MS);
    }
    isLoading.value = false;
  }

  watch(
    () => (toValue(options.pause ?? false) ? null : JSON.stringify(toValue(variables))),
    (wanted) => {
      if (wanted !== null) return void again();
      turn += 1;
      clearTimeout(retry);
      isLoading.value = false;
    },
    { immediate: true },
  );
  onHealed(() => {
    if (!toValue(options.pause ?? false)) void again();
  });
  onScopeDispose(() => {
    clearTimeout(retry);
    turn += 1;
  });
  return { data, failure, isLoading, again };
}
