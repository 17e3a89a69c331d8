/**
 * Who is signed in on this tab, and the credential that proves it.
 *
 * Promises: the credential is kept in this tab's sessionStorage and nowhere else; a session is refreshed before it expires,
 * once at a time; only one tab holds a given session, because refresh tokens rotate and a second user of one would end it.
 */
import { ask, isPassing, RequestFailed } from './graphql';

export interface Person {
  name: string;
  email: string;
  role: string;
}

interface PasswordCredential {
  kind: 'password';
  id: string;
  token: string;
  refreshToken: string;
  /** This browser's clock, in milliseconds. */
  deadline: number;
  person: Person;
}

interface KeyCredential {
  kind: 'key';
  token: string;
  /** null: does not expire, or the server does not say. */
  deadline: number | null;
  person: Person;
}

export type Credential = PasswordCredential | KeyCredential;

export interface SessionState {
  credential: Credential | null;
  /** Why a session ended without being asked to. */
  notice: string | null;
}

export interface Session {
  subscribe(listener: () => void): () => void;
  state(): SessionState;
  signIn(email: string, password: string): Promise<void>;
  adoptKey(secret: string): Promise<void>;
  signOut(): Promise<void>;
  /** The value of the Authorization header, refreshed if it is about to expire; null when signed out. */
  authorization(): Promise<string | null>;
  /** The server refused the token: get a new one or end the session. True when there is a new one. */
  renew(refused: string): Promise<boolean>;
}

interface SessionAnswer {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
  user: Person;
}

const STORAGE_KEY = 'tradegraph:explorer:credential';
const CHANNEL = 'tradegraph:explorer:sessions';
const SESSION_FIELDS = '{ accessToken refreshToken expiresAt user { name email role } }';
const LOGIN = `mutation Login($input: LoginInput!) { session: login(input: $input) ${SESSION_FIELDS} }`;
const REFRESH = `mutation Refresh($token: String!) { session: refreshSession(refreshToken: $token) ${SESSION_FIELDS} }`;
const REFRESH_EARLY_MS = 60_000;
const REQUEST_EARLY_MS = 5_000;
const RETRY_MS = 5_000;

const bearer = (token: string): string => `Bearer ${token}`;

function fromAnswer(id: string, answer: SessionAnswer, serverTimeMs: number): PasswordCredential {
  return {
    kind: 'password',
    id,
    token: answer.accessToken,
    refreshToken: answer.refreshToken,
    // A lifetime rather than a moment: this computer's clock may be wrong.
    deadline: Date.now() + (Date.parse(answer.expiresAt) - serverTimeMs),
    person: answer.user,
  };
}

function readStored(storage: Storage): Credential | null {
  try {
    const stored = JSON.parse(storage.getItem(STORAGE_KEY) ?? 'null') as Credential | null;
    return stored && typeof stored.token === 'string' && stored.person ? stored : null;
  } catch {
    return null;
  }
}

async function describeKey(endpoint: string, secret: string): Promise<KeyCredential> {
  const { data } = await ask<{ viewer: Person }>(endpoint, { query: '{ viewer { name email role } }' }, bearer(secret));
  const credential: KeyCredential = { kind: 'key', token: secret, deadline: null, person: data.viewer };
  try {
    // A key may be weaker than its owner, and may expire; whether it may ask about keys at all is the server's decision.
    const query = '{ apiKeys { prefix role expiresAt } }';
    const { data: keys } = await ask<{ apiKeys: { prefix: string; role: string; expiresAt: string | null }[] }>(endpoint, { query }, bearer(secret));
    const own = keys.apiKeys.find((key) => secret.startsWith(key.prefix));
    if (own) {
      credential.person = { ...data.viewer, role: own.role };
      credential.deadline = own.expiresAt ? Date.parse(own.expiresAt) : null;
    }
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
  }
  return credential;
}

export function createSession(endpoint: string, storage: Storage): Session {
  const listeners = new Set<() => void>();
  const channel = new BroadcastChannel(CHANNEL);
  let current: SessionState = { credential: readStored(storage), notice: null };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshing: Promise<boolean> | null = null;

  function set(credential: Credential | null, notice: string | null = null): void {
    current = { credential, notice };
    if (credential) storage.setItem(STORAGE_KEY, JSON.stringify(credential));
    else storage.removeItem(STORAGE_KEY);
    schedule();
    for (const listener of listeners) listener();
  }

  function schedule(delay?: number): void {
    clearTimeout(timer);
    const { credential } = current;
    if (credential?.kind !== 'password') return;
    const left = credential.deadline - Date.now();
    const wait = delay ?? (left > 2 * REFRESH_EARLY_MS ? left - REFRESH_EARLY_MS : left / 2);
    timer = setTimeout(() => void refresh(), Math.max(wait, 1_000));
  }

  async function exchange(credential: PasswordCredential): Promise<boolean> {
    try {
      const { data, serverTimeMs } = await ask<{ session: SessionAnswer }>(endpoint, { query: REFRESH, variables: { token: credential.refreshToken } });
      if (current.credential === credential) set(fromAnswer(credential.id, data.session, serverTimeMs));
      return true;
    } catch (error) {
      if (current.credential !== credential) return false;
      if (isPassing(error)) schedule(RETRY_MS);
      else set(null, 'Your session has ended. Sign in again to go on.');
      return false;
    }
  }

  function refresh(): Promise<boolean> {
    const { credential } = current;
    if (credential?.kind !== 'password') return Promise.resolve(false);
    refreshing ??= exchange(credential).finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  // A duplicated tab starts with a copy of the session: the tab that has it answers, and the copy is dropped.
  channel.onmessage = ({ data }: MessageEvent<{ kind: 'claim' | 'taken'; id: string }>) => {
    const { credential } = current;
    if (credential?.kind !== 'password' || data.id !== credential.id) return;
    if (data.kind === 'claim') channel.postMessage({ kind: 'taken', id: credential.id });
    else set(null, 'That session stays with the tab it was opened in. Sign in here as well to use both.');
  };
  if (current.credential?.kind === 'password') channel.postMessage({ kind: 'claim', id: current.credential.id });
  schedule();
  // A computer that slept has missed its timer.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') schedule();
  });

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => current,
    async signIn(email, password) {
      const { data, serverTimeMs } = await ask<{ session: SessionAnswer }>(endpoint, { query: LOGIN, variables: { input: { email, password } } });
      set(fromAnswer(randomId(), data.session, serverTimeMs));
    },
    async adoptKey(secret) {
      set(await describeKey(endpoint, secret));
    },
    async signOut() {
      const { credential } = current;
      set(null);
      if (credential?.kind !== 'password') return;
      // The session is gone from this tab whatever the server says; telling it ends the refresh token too.
      await ask(endpoint, { query: 'mutation Logout { logout }' }, bearer(credential.token)).catch(() => undefined);
    },
    async authorization() {
      const { credential } = current;
      if (credential?.kind === 'password' && credential.deadline - Date.now() < REQUEST_EARLY_MS) await refresh();
      return current.credential && bearer(current.credential.token);
    },
    async renew(refused) {
      const { credential } = current;
      if (!credential) return false;
      if (bearer(credential.token) !== refused) return true;
      if (credential.kind === 'password') return refresh();
      set(null, 'The server no longer accepts this API key.');
      return false;
    },
  };
}

function randomId(): string {
  // Not crypto.randomUUID: that exists on HTTPS and localhost alone, and a desk's server may be neither.
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
