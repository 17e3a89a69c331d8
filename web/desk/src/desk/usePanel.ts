/** What a panel of the workspace looks at: the instrument and the account of its colour, or its own. */
import { computed, watchEffect, type ComputedRef } from 'vue';

import { useAccounts, type Account } from '@/stores/accounts';
import { isLink, useLinks, type Link, type Linked } from '@/stores/links';
import { useMarket } from '@/stores/market';

export interface PanelState extends Linked {
  link?: string;
  interval?: string;
}

/** What dockview gives a panel; nothing on a phone, where there is one of each. */
export interface PanelProps {
  params?: { params?: PanelState; api?: { id: string; updateParameters(given: object): void } };
}

export interface Panel {
  link: ComputedRef<Link>;
  /** Panels with the same key share a ticket. */
  key: ComputedRef<string>;
  symbol: ComputedRef<string>;
  accountId: ComputedRef<string>;
  account: ComputedRef<Account | undefined>;
  state: ComputedRef<PanelState>;
  choose(given: Linked): void;
  keep(given: PanelState): void;
}

export function usePanel(props: PanelProps): Panel {
  const links = useLinks();
  const accounts = useAccounts();
  const market = useMarket();
  const state = computed<PanelState>(() => props.params?.params ?? {});
  const link = computed<Link>(() => (isLink(state.value.link) ? state.value.link : 'blue'));
  const symbol = computed(() => {
    if (link.value !== 'none') return links.symbolOf(link.value);
    const own = state.value.symbol ?? '';
    return market.instruments.has(own) ? own : market.selected;
  });
  const accountId = computed(() => {
    if (link.value !== 'none') return links.accountOf(link.value);
    const own = state.value.account ?? '';
    return accounts.byId.has(own) ? own : accounts.selectedId;
  });
  // Figures of every account that a panel shows are live.
  watchEffect(() => accountId.value && accounts.look(accountId.value));

  function keep(given: PanelState): void {
    props.params?.api?.updateParameters(given);
  }

  function choose(given: Linked): void {
    if (link.value === 'none') keep(given);
    else links.choose(link.value, given);
  }

  return {
    link,
    key: computed(() => (link.value === 'none' ? (props.params?.api?.id ?? '') : link.value)),
    symbol,
    accountId,
    account: computed(() => accounts.byId.get(accountId.value)),
    state,
    choose,
    keep,
  };
}
