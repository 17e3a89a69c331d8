/** The accounts that this person sees, live, and the one that is looked at. */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, watch } from 'vue';

import { ask } from '@/api/client';
import { isAway, toFailure, type Failure } from '@/api/failure';
import { AccountsQuery, AccountStream } from '@/api/operations/desk';
import { connection, onHealed, openStream } from '@/api/streams';
import type { AccountHeadFragment } from '@/gql/graphql';

import { usePerson } from './person';
import { usePreferences } from './preferences';

export type Account = AccountHeadFragment;

const INTERVAL_MS = 250;
// Each live account is a stream; beyond this the list is read again now and then.
const MAX_LIVE = 12;
const RETRY_MS = 4_000;
const AGAIN_MS = 5_000;
const RARELY_MS = 60_000;

export const useAccounts = defineStore('accounts', () => {
  const preferences = usePreferences();
  const person = usePerson();
  const byId = shallowReactive(new Map<string, Account>());
  const order = ref<string[]>([]);
  const isLoaded = ref(false);
  const failure = ref<Failure | null>(null);
  const closers = new Map<string, () => void>();
  /** Accounts that panels show, the last one first. */
  let looked: string[] = [];
  let turn = 0;
  let readAt = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const list = computed(() => order.value.map((id) => byId.get(id)).filter((account) => account !== undefined));
  const selectedId = computed(() => (byId.has(preferences.values.account) ? preferences.values.account : (order.value[0] ?? '')));
  const selected = computed(() => byId.get(selectedId.value));

  async function load(): Promise<void> {
    const mine = ++turn;
    clearTimeout(retry);
    try {
      const { accounts } = await ask(AccountsQuery, {});
      if (mine !== turn) return;
      const found = new Set(accounts.map(({ id }) => id));
      for (const id of byId.keys()) if (!found.has(id)) byId.delete(id);
      // What is heard of an account is newer than what was read of it.
      for (const account of accounts) if (!byId.has(account.id) || !closers.has(account.id)) byId.set(account.id, account);
      readAt = Date.now();
      order.value = accounts.map(({ id }) => id);
      failure.value = null;
      follow();
    } catch (error) {
      if (mine !== turn) return;
      failure.value = toFailure(error);
      if (isAway(failure.value)) retry = setTimeout(() => void load(), RETRY_MS);
    }
    isLoaded.value = true;
  }

  function follow(): void {
    // The account that is looked at first, whatever its place in the list.
    const known = [selectedId.value, ...looked, ...order.value].filter((id) => byId.has(id));
    const wanted = new Set([...new Set(known)].slice(0, MAX_LIVE));
    for (const [id, close] of closers) {
      if (wanted.has(id)) continue;
      close();
      closers.delete(id);
    }
    for (const id of wanted) {
      if (closers.has(id)) continue;
      const close = openStream({
        document: AccountStream,
        variables: { id, intervalMs: INTERVAL_MS },
        next: ({ account }) => byId.set(account.id, account),
      });
      closers.set(id, close);
    }
  }

  /** A panel shows this account: its figures are to be live. */
  function look(id: string): void {
    if (looked[0] === id) return;
    looked = [id, ...looked.filter((each) => each !== id)].slice(0, MAX_LIVE);
    if (isLoaded.value) follow();
  }

  function clear(): void {
    looked = [];
    for (const close of closers.values()) close();
    closers.clear();
    byId.clear();
    order.value = [];
    isLoaded.value = false;
    failure.value = null;
    turn += 1;
    clearTimeout(retry);
  }

  function select(id: string): void {
    preferences.set('account', id);
    follow();
  }

  onHealed(() => person.person && void load());
  // Accounts that were opened or granted elsewhere appear, and those beyond the live ones move.
  setInterval(() => {
    const isDue = order.value.length > closers.size || Date.now() - readAt > RARELY_MS;
    if (person.person && isLoaded.value && isDue && connection.state === 'live' && document.visibilityState === 'visible') void load();
  }, AGAIN_MS);

  watch(
    () => person.person?.id,
    (id) => {
      clear();
      if (id) void load();
    },
    { immediate: true },
  );

  return { list, byId, selected, selectedId, isLoaded, failure, load, select, look };
});
