import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nextTick } from 'vue';

import type { SessionListener } from '@/api/session';

let listener: SessionListener;
vi.mock('@/api/session', () => ({ session: { listen: (given: SessionListener) => (listener = given), isOpen: true } }));
vi.mock('@/api/streams', () => ({ connect: () => undefined, disconnect: () => undefined, replaceSocket: () => undefined }));
vi.mock('@/api/client', () => ({ ask: async () => ({}) }));
vi.mock('element-plus/es/components/notification/index.mjs', () => ({ ElNotification: () => undefined }));
vi.stubGlobal('matchMedia', () => ({ matches: true, addEventListener: () => undefined }));

const { usePending } = await import('@/stores/pending');
const { usePerson } = await import('@/stores/person');
const { usePreferences } = await import('@/stores/preferences');

describe('what is about to be sent', () => {
  const sent: string[] = [];
  const begin = (key: string): void => usePending().begin(key, key, async () => sent.push(key));
  const leaving = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));

  beforeEach(() => {
    localStorage.clear();
    vi.useFakeTimers();
    setActivePinia(createPinia());
    sent.length = 0;
    usePerson();
    listener.begun({ id: 'ann', email: '', name: 'Ann', role: 'TRADER' });
    usePreferences().set('undoSeconds', 5);
  });
  afterEach(() => {
    for (const { key } of usePending().list) usePending().takeBack(key);
    vi.useRealTimers();
  });

  test('is sent when its time is over, once, and not before', () => {
    begin('a');
    begin('a');
    expect(usePending().list.map(({ seconds }) => seconds)).toEqual([5]);
    vi.advanceTimersByTime(4_900);
    expect(sent).toEqual([]);
    expect(leaving()).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual(['a']);
    expect(leaving()).toBe(false);
  });

  test('is taken back, the last one first, and then never sent', () => {
    begin('a');
    begin('b');
    usePending().takeBack();
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual(['a']);
    usePending().takeBack();
    usePending().send('b');
    expect(sent).toEqual(['a']);
  });

  test('goes at once when somebody says so', () => {
    begin('a');
    usePending().send('a');
    expect(sent).toEqual(['a']);
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual(['a']);
  });

  test('is not sent by a computer that slept through its end', () => {
    begin('a');
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([]);
    expect(usePending().list).toEqual([]);
  });

  test('is not sent for somebody who has signed out', async () => {
    usePending();
    await nextTick();
    begin('a');
    listener.ended('signed-out');
    await nextTick();
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual([]);
    expect(leaving()).toBe(false);
  });
});
