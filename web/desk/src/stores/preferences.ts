/**
 * How the pages look and behave for this person: kept on the server, with a copy here for the time before signing in.
 *
 * Promises: a change is seen at once and saved a moment later, key by key, so that two tabs do not undo each other; the copy
 * says whose it is, and of somebody else's only language and looks are taken over.
 */
import { defineStore } from 'pinia';
import { computed, reactive, watch } from 'vue';

import { ask } from '@/api/client';
import { SavePreferencesMutation, ViewerQuery } from '@/api/operations/people';

export type Language = 'en' | 'zh';
export type Theme = 'dark' | 'light' | 'system';
export type Trend = 'auto' | 'green-up' | 'red-up';

export interface Preferences {
  language: Language;
  theme: Theme;
  trend: Trend;
  zone: string;
  sound: boolean;
  notifications: boolean;
  oneClick: boolean;
  confirmOrders: boolean;
  /** So long cancelling and closing everything can be taken back; 0 asks instead. */
  undoSeconds: number;
  seenTour: boolean;
  watchlist: string[];
  layouts: Record<string, unknown>;
  /** The arrangement that is in use, under no name. */
  workspace: Record<string, unknown>;
  account: string;
  symbol: string;
  /** What the colours other than blue look at. */
  links: Record<string, { symbol?: string; account?: string }>;
  hotkeys: Record<string, string>;
  indicators: string[];
  interval: string;
}

const LOCAL = 'tradegraph:desk:preferences';
const SHARED: readonly (keyof Preferences)[] = ['language', 'theme', 'trend', 'zone', 'sound', 'notifications', 'oneClick', 'confirmOrders', 'undoSeconds', 'seenTour', 'watchlist', 'layouts', 'hotkeys', 'indicators'];
const SAVE_AFTER_MS = 600;
// Browsers let a request of a page that is left go on up to this size.
const MOST_KEPT_ALIVE = 30_000;

const guessLanguage = (): Language => (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

const DEFAULTS = (): Preferences => ({
  language: guessLanguage(),
  theme: 'system',
  trend: 'auto',
  zone: '',
  sound: true,
  notifications: false,
  oneClick: false,
  confirmOrders: false,
  undoSeconds: 5,
  seenTour: false,
  watchlist: [],
  layouts: {},
  workspace: {},
  account: '',
  symbol: '',
  links: {},
  hotkeys: {},
  indicators: ['sma20'],
  interval: 'MINUTE',
});

/** What was saved, as far as it is of the kind that is expected: an older version may have saved it. */
export function adopt(defaults: Preferences, saved: unknown): Partial<Preferences> {
  if (typeof saved !== 'object' || saved === null) return {};
  const taken: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(saved)) {
    const model = (defaults as unknown as Record<string, unknown>)[key];
    if (model === undefined || typeof value !== typeof model || Array.isArray(value) !== Array.isArray(model)) continue;
    taken[key] = value;
  }
  return taken as Partial<Preferences>;
}

interface Local {
  owner?: unknown;
}

function readLocal(): Local {
  try {
    return (JSON.parse(localStorage.getItem(LOCAL) ?? 'null') as Local | null) ?? {};
  } catch {
    return {};
  }
}

export const usePreferences = defineStore('preferences', () => {
  const local = readLocal();
  const values = reactive<Preferences>({ ...DEFAULTS(), ...adopt(DEFAULTS(), local) });
  /** Whose `values` are. */
  let owner = local.owner;
  const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
  const system = reactive({ isDark: prefersDark.matches });
  prefersDark.addEventListener('change', (event) => {
    system.isDark = event.matches;
  });
  const isDark = computed(() => (values.theme === 'system' ? system.isDark : values.theme === 'dark'));
  /** In China what rises is red. */
  const isRedUp = computed(() => (values.trend === 'auto' ? values.language === 'zh' : values.trend === 'red-up'));

  const changed: Partial<Preferences> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSignedIn = false;

  /** Back to what everybody begins with, except what a person at this screen can read and bear to look at. */
  function forget(): void {
    const { language, theme, trend, zone } = values;
    Object.assign(values, { ...DEFAULTS(), language, theme, trend, zone });
    for (const key of Object.keys(changed)) delete changed[key as keyof Preferences];
    owner = undefined;
  }

  function keep(): void {
    localStorage.setItem(LOCAL, JSON.stringify({ ...values, owner }));
  }

  async function save(): Promise<void> {
    const given = { ...changed };
    for (const key of Object.keys(given)) delete changed[key as keyof Preferences];
    if (!Object.keys(given).length) return;
    // Unsaved is no disaster: the copy here stays, and the next change brings it along.
    await ask(SavePreferencesMutation, { preferences: given }, { keepalive: JSON.stringify(given).length < MOST_KEPT_ALIVE }).catch(() => Object.assign(changed, { ...given, ...changed }));
  }

  function set<Key extends keyof Preferences>(key: Key, value: Preferences[Key]): void {
    values[key] = value;
    changed[key] = value;
    keep();
    clearTimeout(timer);
    if (isSignedIn) timer = setTimeout(() => void save(), SAVE_AFTER_MS);
  }

  /** Take over what the server keeps for whoever has just signed in. */
  function load(personId: string, saved: unknown): void {
    if (owner !== personId) forget();
    owner = personId;
    isSignedIn = true;
    Object.assign(values, adopt(DEFAULTS(), saved));
    keep();
  }

  /** Forget what belongs to a person; language and looks stay for the sign-in page. */
  function leave(): void {
    isSignedIn = false;
    clearTimeout(timer);
    forget();
    const { language, theme, trend, zone } = values;
    localStorage.setItem(LOCAL, JSON.stringify({ language, theme, trend, zone }));
  }

  watch(
    [isDark, isRedUp, () => values.language],
    () => {
      const root = document.documentElement;
      root.classList.toggle('dark', isDark.value);
      root.dataset.trend = isRedUp.value ? 'red-up' : 'green-up';
      root.lang = values.language === 'zh' ? 'zh-CN' : 'en';
    },
    { immediate: true },
  );

  /** What the server keeps under a key now: another tab or computer may have changed it. */
  async function newest<Key extends keyof Preferences>(key: Key): Promise<Preferences[Key]> {
    if (key in changed) return values[key];
    const found = await ask(ViewerQuery, {}).then(
      ({ viewer }) => adopt(DEFAULTS(), viewer.preferences),
      () => ({}) as Partial<Preferences>,
    );
    return (found[key] as Preferences[Key] | undefined) ?? values[key];
  }

  /** A tab that goes away saves what it has not saved yet. */
  function flush(): void {
    clearTimeout(timer);
    if (isSignedIn) void save();
  }
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && flush());
  window.addEventListener('pagehide', flush);
  // Another tab of the same person has changed something: what does not depend on what is looked at holds here too.
  window.addEventListener('storage', ({ key }) => {
    const told = readLocal();
    if (key !== LOCAL || !isSignedIn || told.owner !== owner) return;
    const theirs = adopt(DEFAULTS(), told);
    for (const each of SHARED) {
      if (each in theirs && JSON.stringify(theirs[each]) !== JSON.stringify(values[each])) Object.assign(values, { [each]: theirs[each] });
    }
  });

  return { values, isDark, isRedUp, set, newest, load, leave };
});
