/** Cancelling all working orders of an account, asked for by button or key: it can be taken back, or is asked about. */
import { ref, toValue, type MaybeRefOrGetter } from 'vue';
import { useI18n } from 'vue-i18n';

import { useAccounts } from '@/stores/accounts';
import { useNotices } from '@/stores/notices';
import { useOrderEntry } from '@/stores/orderEntry';
import { usePending } from '@/stores/pending';
import { usePerson } from '@/stores/person';
import { usePreferences } from '@/stores/preferences';

import { useHotkeys } from './hotkeys';

export function useCancelAll(accountId: MaybeRefOrGetter<string>) {
  const { t } = useI18n();
  const entry = useOrderEntry();
  const notices = useNotices();
  const person = usePerson();
  const preferences = usePreferences();
  const pending = usePending();
  const accounts = useAccounts();
  const isAsking = ref(false);

  async function cancelAll(id: string): Promise<void> {
    const count = await entry.cancelAll(id);
    notices.show('info', t('orders.cancelAsked', { count }));
  }

  function ask(): void {
    const id = toValue(accountId);
    if (!person.mayReduce || !id) return;
    // The account that is looked at now: another may be when the time is over.
    if (preferences.values.undoSeconds) pending.begin(`cancel-all ${id}`, t('pending.cancelAll', { account: accounts.byId.get(id)?.name }), () => cancelAll(id));
    else isAsking.value = true;
  }

  useHotkeys({ cancelAll: ask });
  return { isAsking, ask, run: () => cancelAll(toValue(accountId)) };
}
