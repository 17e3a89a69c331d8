/** Events of risk as they happen: of all accounts for who answers for risk, else of the account that is looked at. */
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue';

import { followLog } from '@/api/follow';
import { AccountRiskEventsStream, RiskEventsStream } from '@/api/operations/risk';
import type { RiskEventRowFragment, Severity } from '@/gql/graphql';
import { useAccounts } from '@/stores/accounts';
import { usePerson } from '@/stores/person';

interface Feed {
  minSeverity: Severity;
  next(event: RiskEventRowFragment): void;
  /** Another account is followed from now on. */
  changed?(): void;
  /** Read again what stands beside the feed. */
  read?(): void;
}

/** `isReady`: what stands beside the feed can be read, and nothing that happens after it is missed. */
export function useRiskFeed({ minSeverity, next, changed, read }: Feed): { isReady: ComputedRef<boolean> } {
  const person = usePerson();
  const accounts = useAccounts();
  const followed = shallowRef<ReturnType<typeof followLog> | null>(null);
  watch(
    () => (person.isRisk ? '' : accounts.selectedId || null),
    (accountId) => {
      followed.value?.close();
      followed.value = null;
      changed?.();
      if (accountId === null) return;
      const shared = { log: 'riskEvents' as const, cursor: (data: { riskEvents: RiskEventRowFragment }) => data.riskEvents.cursor, next: (data: { riskEvents: RiskEventRowFragment }) => next(data.riskEvents), read };
      followed.value = accountId ? followLog({ ...shared, document: AccountRiskEventsStream, variables: { accountId, minSeverity } }) : followLog({ ...shared, document: RiskEventsStream, variables: { minSeverity } });
    },
    { immediate: true },
  );
  onScopeDispose(() => followed.value?.close());
  return { isReady: computed(() => followed.value?.isReady.value ?? false) };
}
