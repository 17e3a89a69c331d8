/**
 * What is about to be sent and can still be taken back: cancelling and closing everything.
 *
 * Promises: nothing is sent before its time is over, whatever page is looked at meanwhile; taken back, signed out or left
 * behind it is never sent; a computer that slept through the end sends nothing when it wakes. Of one thing one waits.
 */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, watch } from 'vue';

import { i18n } from '@/i18n';

import { useNotices } from './notices';
import { usePerson } from './person';
import { usePreferences } from './preferences';

export interface Waiting {
  key: string;
  /** In words: what is done, and to what. */
  title: string;
  endsAt: number;
  act: () => Promise<unknown>;
}

const TICK_MS = 200;
// So late a timer is not by itself: the computer slept.
const LATE_MS = 5_000;

export const usePending = defineStore('pending', () => {
  const preferences = usePreferences();
  const person = usePerson();
  const notices = useNotices();
  const waiting = shallowReactive(new Map<string, Waiting>());
  const now = ref(Date.now());
  let timer: ReturnType<typeof setInterval> | undefined;

  const list = computed(() => [...waiting.values()].map((each) => ({ ...each, seconds: Math.max(0, Math.ceil((each.endsAt - now.value) / 1000)) })));

  function settle(): void {
    if (waiting.size) return;
    clearInterval(timer);
    timer = undefined;
    window.removeEventListener('beforeunload', warn);
  }

  /** Leaving now leaves it unsent: the browser asks. */
  function warn(event: BeforeUnloadEvent): void {
    event.preventDefault();
  }

  function send(key: string): void {
    const due = waiting.get(key);
    if (!due) return;
    waiting.delete(key);
    settle();
    due.act().catch((error: unknown) => notices.failed(error));
  }

  function takeBack(key = [...waiting.keys()].at(-1)): void {
    if (key === undefined || !waiting.delete(key)) return;
    settle();
    notices.show('info', (i18n.global as unknown as { t(key: string): string }).t('pending.takenBack'));
  }

  function tick(): void {
    now.value = Date.now();
    for (const { key, endsAt } of [...waiting.values()]) {
      if (now.value > endsAt + LATE_MS) takeBack(key);
      else if (now.value >= endsAt) send(key);
    }
  }

  /** Send it when the time to take it back is over. */
  function begin(key: string, title: string, act: () => Promise<unknown>): void {
    if (waiting.has(key)) return;
    now.value = Date.now();
    waiting.set(key, { key, title, act, endsAt: now.value + preferences.values.undoSeconds * 1000 });
    timer ??= setInterval(tick, TICK_MS);
    window.addEventListener('beforeunload', warn);
  }

  watch(
    () => person.person?.id,
    () => {
      waiting.clear();
      settle();
    },
  );

  return { list, begin, send, takeBack };
});
