/** What the API says of an order as it is typed: asked a moment after the last key, answers that come late are dropped. */
import { onScopeDispose, ref, watch, type Ref } from 'vue';

import { ask } from '@/api/client';
import { toFailure, type Failure } from '@/api/failure';
import { CheckOrderQuery } from '@/api/operations/desk';
import type { CheckOrderQuery as Answer, PlaceOrderInput } from '@/gql/graphql';

export type OrderCheck = Answer['checkOrder'];

const AFTER_MS = 220;

export function useOrderCheck(order: Ref<PlaceOrderInput | null>): { check: Ref<OrderCheck | null>; refusal: Ref<Failure | null> } {
  const check = ref<OrderCheck | null>(null);
  const refusal = ref<Failure | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  async function run(input: PlaceOrderInput): Promise<void> {
    const turn = ++asked;
    try {
      const { checkOrder } = await ask(CheckOrderQuery, { input });
      if (turn !== asked) return;
      check.value = checkOrder;
      refusal.value = null;
    } catch (error) {
      if (turn !== asked) return;
      check.value = null;
      const failure = toFailure(error);
      // The connection's troubles are shown elsewhere.
      refusal.value = failure.code === 'NETWORK' ? null : failure;
    }
  }

  watch(
    () => JSON.stringify(order.value),
    () => {
      clearTimeout(timer);
      asked += 1;
      const input = order.value;
      if (!input) {
        check.value = null;
        refusal.value = null;
        return;
      }
      timer = setTimeout(() => void run(input), AFTER_MS);
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));
  return { check, refusal };
}
