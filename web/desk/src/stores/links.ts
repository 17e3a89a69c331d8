/**
 * Colours that link panels: panels of one colour look at one instrument and one account.
 *
 * Blue is what the whole desk looks at (the account at the top, the chosen instrument); the other colours have their own,
 * and begin with other instruments, so that four charts show four markets.
 */
import { defineStore } from 'pinia';

import { useAccounts } from './accounts';
import { useMarket } from './market';
import { usePreferences } from './preferences';

export const COLOURS = ['blue', 'orange', 'green', 'purple'] as const;
export type Colour = (typeof COLOURS)[number];
/** Without a colour a panel keeps an instrument and an account of its own. */
export type Link = Colour | 'none';

export const isLink = (value: unknown): value is Link => value === 'none' || COLOURS.includes(value as Colour);

export interface Linked {
  symbol?: string;
  account?: string;
}

export const useLinks = defineStore('links', () => {
  const accounts = useAccounts();
  const market = useMarket();
  const preferences = usePreferences();

  function symbolOf(colour: Colour): string {
    if (colour === 'blue') return market.selected;
    const chosen = preferences.values.links[colour]?.symbol ?? '';
    if (market.instruments.has(chosen)) return chosen;
    const others = market.liveliest.filter((symbol) => symbol !== market.selected);
    return others[COLOURS.indexOf(colour) - 1] ?? market.selected;
  }

  function accountOf(colour: Colour): string {
    const chosen = preferences.values.links[colour]?.account ?? '';
    return colour !== 'blue' && accounts.byId.has(chosen) ? chosen : accounts.selectedId;
  }

  function choose(colour: Colour, given: Linked): void {
    if (colour === 'blue') {
      if (given.symbol) market.select(given.symbol);
      if (given.account) accounts.select(given.account);
      return;
    }
    const { links } = preferences.values;
    preferences.set('links', { ...links, [colour]: { ...links[colour], ...given } });
    if (given.account) accounts.look(given.account);
  }

  return { symbolOf, accountOf, choose };
});
