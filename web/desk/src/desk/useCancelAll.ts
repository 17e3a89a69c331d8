/** Cancelling all working orders of an account, asked for by button or key. */
import { ref, toValue, type MaybeRefOrGetter } from 'vue';
import { useI18n } from 'vue-i18n';

import { useNotices } from '@/stores/notices';
import { useOrderEntry } from '@/stores/orderEntry';
import { usePerson } from '@/stores/person';

import { useHotkeys } from './hotkeys';

export function useCancelAll(accountId: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const entry = useOrderEntry();
  const notices = useNotices();
  const person = usePerson();
  const isAsking = ref(false);

  function ask(): void {
    if (person.mayReduce && toValue(accountId)) isAsking.value = true;
  }

  async function run(): Promise<void> {
    const count = await entry.cancelAll(toValue(accountId));
    notices.show('info', t('orders.cancelAsked', { count }));
  }

  useHotkeys({ cancelAll: ask });
  return { isAsking, ask, run };
}
