/** Who is signed in, and what that person may do here. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import { ask } from '@/api/client';
import { ViewerQuery } from '@/api/operations/people';
import { session, type Person } from '@/api/session';
import { connect, disconnect, replaceSocket } from '@/api/streams';

import { usePreferences } from './preferences';

const SKEW_TOLD_MS = 5_000;

export const usePerson = defineStore('person', () => {
  const person = ref<Person | null>(null);
  /** Why a session ended without being asked to. */
  const notice = ref<'expired' | null>(null);
  /** How far this computer's clock is ahead of the server's, when it is far. */
  const clockSkewSeconds = ref(0);
  const preferences = usePreferences();
  /** The person whose typing and figures this page may still hold. */
  let lastId: string | null = null;

  const role = computed(() => person.value?.role ?? 'VIEWER');
  const isAdmin = computed(() => role.value === 'ADMIN');
  const isRisk = computed(() => isAdmin.value || role.value === 'RISK_MANAGER');
  const mayTrade = computed(() => isAdmin.value || role.value === 'TRADER');
  /** Cancelling, closing and freezing: a risk manager stops, and opens nothing. */
  const mayReduce = computed(() => role.value !== 'VIEWER');

  session.listen({
    begun(signedIn, skewMs) {
      if (lastId !== null && lastId !== signedIn.id) {
        // Somebody else: nothing of the last one may stay. The session is kept in a cookie and goes on in the new page.
        location.reload();
        return;
      }
      lastId = signedIn.id;
      person.value = signedIn;
      notice.value = null;
      clockSkewSeconds.value = Math.abs(skewMs) > SKEW_TOLD_MS ? Math.round(skewMs / 1000) : 0;
      connect();
    },
    renewed: replaceSocket,
    ended(reason) {
      person.value = null;
      notice.value = reason === 'expired' ? 'expired' : null;
      disconnect();
      preferences.leave();
    },
  });

  async function loadPreferences(): Promise<void> {
    const { viewer } = await ask(ViewerQuery, {});
    preferences.load(viewer.id, viewer.preferences);
  }

  return {
    person,
    notice,
    clockSkewSeconds,
    role,
    isAdmin,
    isRisk,
    mayTrade,
    mayReduce,
    async resume(): Promise<boolean> {
      const isOpen = await session.resume();
      if (isOpen) await loadPreferences();
      return isOpen;
    },
    async signIn(email: string, password: string, code?: string): Promise<void> {
      await session.signIn(email, password, code);
      await loadPreferences();
    },
    signOut: () => session.signOut(),
  };
});
