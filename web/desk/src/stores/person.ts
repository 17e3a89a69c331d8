/** Who is signed in, and what that person may do here. */
import { defineStore } from 'pinia';
import { computed, readonly, ref } from 'vue';

import { ask } from '@/api/client';
import { isAway, toFailure, type Failure } from '@/api/failure';
import { ViewerQuery } from '@/api/operations/people';
import { session, type Person } from '@/api/session';
import { connect, disconnect, replaceSocket } from '@/api/streams';

import { usePreferences } from './preferences';

const SKEW_TOLD_MS = 5_000;
const RETRY_MS = 2_000;

export const usePerson = defineStore('person', () => {
  const person = ref<Person | null>(null);
  /** Why a session ended without being asked to. */
  const notice = ref<'expired' | null>(null);
  /** How far this computer's clock is ahead of the server's, when it is far. */
  const clockSkewSeconds = ref(0);
  const preferences = usePreferences();
  /** The person whose typing and figures this page may still hold. */
  let lastId: string | null = null;
  /** Why it is not known yet who is signed in. */
  const away = ref<Failure | null>(null);
  let isKnown: () => void = () => undefined;
  /** Kept when it is known who is signed in, if anybody. */
  const known = new Promise<void>((resolve) => {
    isKnown = resolve;
  });
  let retry: ReturnType<typeof setTimeout> | undefined;

  const role = computed(() => person.value?.role ?? 'VIEWER');
  const isAdmin = computed(() => role.value === 'ADMIN');
  const isRisk = computed(() => isAdmin.value || role.value === 'RISK_MANAGER');
  const mayTrade = computed(() => isAdmin.value || role.value === 'TRADER');
  /** Cancelling, closing and freezing: a risk manager stops, and opens nothing. */
  const mayReduce = computed(() => role.value !== 'VIEWER');

  session.listen({
    clock(skewMs) {
      clockSkewSeconds.value = Math.abs(skewMs) > SKEW_TOLD_MS ? Math.round(skewMs / 1000) : 0;
    },
    begun(signedIn) {
      if (lastId !== null && lastId !== signedIn.id) {
        // Somebody else: nothing of the last one may stay. The session is kept in a cookie and goes on in the new page.
        location.reload();
        return;
      }
      lastId = signedIn.id;
      person.value = signedIn;
      notice.value = null;
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

  /** Go on with the session that the cookies keep. A server that is away is asked again: nobody is signed out by that. */
  async function start(): Promise<void> {
    clearTimeout(retry);
    try {
      if (await session.resume()) await loadPreferences();
      away.value = null;
    } catch (error) {
      const failure = toFailure(error);
      away.value = isAway(failure) ? failure : null;
      if (away.value) {
        retry = setTimeout(() => void start(), RETRY_MS);
        return;
      }
    }
    isKnown();
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
    away: readonly(away),
    known,
    start,
    async signIn(email: string, password: string, code?: string): Promise<void> {
      await session.signIn(email, password, code);
      await loadPreferences();
    },
    signOut: () => session.signOut(),
  };
});
