/** What must not be missed: fills and refusals of the accounts that are looked at, and grave events of risk. */
import { defineStore } from 'pinia';
import { onScopeDispose, ref } from 'vue';

import { useFormat } from '@/format/useFormat';
import type { RiskEventRowFragment } from '@/gql/graphql';

import { useAccounts } from './accounts';
import { useBooks, type OrderEvent } from './books';
import { useNotices } from './notices';
import { useBook } from './useBook';
import { useRiskFeed } from './useRiskFeed';

/** How many grave events have come since the risk page was looked at. */
export const useAlertCount = defineStore('alertCount', () => {
  const count = ref(0);
  return { count };
});

export function useAlerts(): void {
  const accounts = useAccounts();
  const notices = useNotices();
  const alertCount = useAlertCount();
  const { t, word, riskEvent, price, size } = useFormat();

  function happened(event: OrderEvent): void {
    const { order, execution } = event;
    if (event.kind === 'TRADE' && execution) {
      const title = t('alerts.filled', { side: word('side', execution.side), symbol: execution.symbol });
      const body = `${size(execution.symbol, execution.quantity)} @ ${price(execution.symbol, execution.price)}`;
      notices.show('success', title, body);
      notices.sound('fill');
      notices.notify(title, body, execution.id);
    } else if (event.kind === 'REJECTED') {
      notices.show('warning', t('alerts.rejected', { symbol: order.symbol }), order.rejectMessage ?? word('reject', order.rejectReason));
      notices.sound('refused');
    } else if (event.kind === 'CANCEL_REJECTED' || event.kind === 'REPLACE_REJECTED') {
      notices.show('warning', word('event', event.kind), order.symbol);
    }
  }

  function alarmed(event: RiskEventRowFragment): void {
    alertCount.count += 1;
    const title = `${word('severity', event.severity)} · ${riskEvent(event.kind)}`;
    notices.show('error', title, event.message);
    notices.sound('alarm');
    notices.notify(title, event.message, event.id);
  }

  // The account at the top is heard of on every page, those of panels while they are shown.
  useBook(() => accounts.selectedId);
  const stop = useBooks().onEvent(happened);

  useRiskFeed({ minSeverity: 'CRITICAL', next: alarmed });
  onScopeDispose(stop);
}
