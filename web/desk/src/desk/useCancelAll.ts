/** Cancelling all working orders, asked for by button or key. */
import { ref } from 'vue';
import { useI18n } from 'vue-i18n';

import { useAccounts } from '@/stores/accounts';
import { useNotices } from '@/stores/notices';
import { useOrderEntry } from '@/stores/orderEntry';
import { usePerson } from '@/stores/person';

import { useHotkeys } from './hotkeys';

export function useCancelAll() {
  const { t } = useI18n();
  const accounts = useAccounts();
  const entry = useOrderEntry();
  const notices = useNotices();
  const person = usePerson();
  const isAsking = ref(false);

  function ask(): void {
    if (person.mayReduce && accounts.selectedId) isAsking.value = true;
  }

  async function run(): Promise<void> {
    const count = await entry.cancelAll(accounts.selectedId);
    notices.show('info', t('orders.cancelAsked', { count }));
  }

  useHotkeys({ cancelAll: ask });
  return { isAsking, ask, run };
}
