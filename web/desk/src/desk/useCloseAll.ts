/** Closing all positions of an account, asked for by button or key: it can be taken back, or is asked about. */
import { ref, toValue, type MaybeRefOrGetter } from 'vue';
import { useI18n } from 'vue-i18n';

import { ask as send } from '@/api/client';
import { CloseAllMutation } from '@/api/operations/desk';
import { useAccounts } from '@/stores/accounts';
import { useNotices } from '@/stores/notices';
import { usePending } from '@/stores/pending';
import { usePerson } from '@/stores/person';
import { usePreferences } from '@/stores/preferences';

import { useHotkeys } from './hotkeys';

export function useCloseAll(accountId: MaybeRefOrGetter<string>, hasAny: () => boolean) {
  const { t } = useI18n();
  const notices = useNotices();
  const person = usePerson();
  const preferences = usePreferences();
  const pending = usePending();
  const accounts = useAccounts();
  const isAsking = ref(false);

  async function closeAll(id: string): Promise<void> {
    const { closeAllPositions } = await send(CloseAllMutation, { accountId: id, cancelWorking: true });
    notices.show(closeAllPositions.rejected ? 'warning' : 'info', t('positions.closeAllAsked', { accepted: closeAllPositions.accepted, rejected: closeAllPositions.rejected }));
  }

  function ask(): void {
    const id = toValue(accountId);
    if (!person.mayReduce || !id || !hasAny()) return;
    if (preferences.values.undoSeconds) pending.begin(`close-all ${id}`, t('pending.closeAll', { account: accounts.byId.get(id)?.name }), () => closeAll(id));
    else isAsking.value = true;
  }

  useHotkeys({ closeAll: ask });
  return { isAsking, ask, run: () => closeAll(toValue(accountId)) };
}
