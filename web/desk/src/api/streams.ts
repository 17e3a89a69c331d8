/**
 * Everything live, over one WebSocket.
 *
 * Promises: a stream that was opened stays open until it is closed, whatever happens to the socket; event streams go on
 * right after the last event that was dealt with; when the token is renewed a second socket takes all streams over before
 * the first is given up, so nothing pauses; `connection` says when figures may be out of date.
 */
import { createClient, type Client } from 'graphql-ws';
import { reactive, readonly } from 'vue';

import type { TypedDocumentString } from '@/gql/graphql';

import { fromCoded, type Failure } from './failure';
import { session } from './session';

type Variables = Record<string, unknown>;

export interface StreamOptions<Data, Given = never> {
  document: TypedDocumentString<Data, Given>;
  variables: Given;
  next(data: Data): void;
  /** Of an event stream: the cursor of what was just received, to go on after it. */
  cursor?(data: Data): string | undefined;
  /** The stream was opened anew and may have missed something: what was read beside it is to be read again. */
  reopened?(): void;
  refused?(failure: Failure): void;
}

interface Stream {
  options: StreamOptions<never>;
  query: string;
  after: string | undefined;
  stop: (() => void) | null;
  hadSocket: boolean;
  retry?: ReturnType<typeof setTimeout>;
}

export type ConnectionState = 'off' | 'connecting' | 'live' | 'broken';

const state = reactive({ state: 'off' as ConnectionState, brokenSince: 0, attempts: 0 });
export const connection = readonly(state);

const MAX_WAIT_MS = 8_000;
const KEEP_ALIVE_MS = 8_000;
const REOPEN_MS = 2_000;
const PONG_MS = 4_000;
// Asking again would be answered the same.
const FINAL = new Set(['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']);
const streams = new Set<Stream>();
let socket: Client | null = null;
let wake: (() => void) | null = null;

function address(): string {
  const url = new URL('/graphql', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Wait before the next attempt, unless the network or the person comes back earlier. */
function pause(retries: number): Promise<void> {
  const wait = Math.min(300 * 2 ** retries, MAX_WAIT_MS) * (0.7 + Math.random() * 0.6);
  return new Promise((resolve) => {
    const timer = setTimeout(done, wait);
    function done(): void {
      clearTimeout(timer);
      wake = null;
      resolve();
    }
    wake = done;
  });
}

function markBroken(): void {
  if (state.state !== 'broken') state.brokenSince = Date.now();
  state.state = session.isOpen ? 'broken' : 'off';
}

function openSocket(connected: (client: Client) => void): Client {
  let pong: ReturnType<typeof setTimeout> | undefined;
  let live: WebSocket | null = null;
  const client: Client = createClient({
    url: address(),
    lazy: false,
    // The protocol's own fatal codes end a client for good; our server means "come again" by them.
    onNonLazyError: () => {
      if (socket !== client) return;
      socket = null;
      setTimeout(() => session.isOpen && connect(), REOPEN_MS);
    },
    retryAttempts: Number.MAX_SAFE_INTEGER,
    retryWait: pause,
    keepAlive: KEEP_ALIVE_MS,
    connectionParams: async () => {
      const authorization = await session.authorization();
      return authorization ? { authorization } : {};
    },
    shouldRetry: () => session.isOpen && socket === client,
    on: {
      opened: (opened) => {
        live = opened as WebSocket;
      },
      connected: () => {
        connected(client);
      },
      closed: (event) => {
        clearTimeout(pong);
        if (socket !== client) return;
        markBroken();
        state.attempts += 1;
        if (event instanceof CloseEvent && (event.code === 4403 || event.code === 4401)) void session.refused();
      },
      // A peer that is gone without a word does not close the socket: no pong says so.
      ping: (received) => {
        if (!received) pong = setTimeout(() => live?.close(4408, 'no pong'), PONG_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pong);
      },
    },
  });
  return client;
}

function start(stream: Stream, client: Client): void {
  clearTimeout(stream.retry);
  stream.stop?.();
  const { options } = stream;
  const wasOpen = stream.hadSocket;
  stream.hadSocket = true;
  const given = options.variables as Variables;
  const variables = options.cursor && stream.after ? { ...given, after: stream.after } : given;
  let isOver = false;
  const unsubscribe = client.subscribe<never>(
    { query: stream.query, variables },
    {
      next: ({ data, errors }) => {
        if (isOver) return;
        if (errors?.[0]) options.refused?.(fromCoded(errors[0]));
        if (!data) return;
        options.next(data);
        stream.after = options.cursor?.(data) ?? stream.after;
      },
      error: (error) => {
        if (isOver) return;
        const failure = Array.isArray(error) && error[0] ? fromCoded(error[0]) : null;
        if (failure) options.refused?.(failure);
        if (failure && FINAL.has(failure.code)) return;
        // The socket's end ends its streams too, when it does not heal itself; try again while somebody listens.
        stream.retry = setTimeout(() => socket && streams.has(stream) && start(stream, socket), MAX_WAIT_MS);
      },
      complete: () => undefined,
    },
  );
  stream.stop = () => {
    isOver = true;
    unsubscribe();
  };
  if (wasOpen) options.reopened?.();
}

function takeOver(client: Client): void {
  state.state = 'live';
  state.attempts = 0;
  for (const stream of streams) start(stream, client);
}

export function connect(): void {
  if (socket) return;
  state.state = 'connecting';
  socket = openSocket((client) => {
    if (client === socket) takeOver(client);
  });
}

/** A new token: the next socket is made with it, takes every stream over, and only then the old one goes. */
export function replaceSocket(): void {
  const old = socket;
  if (!old || state.state !== 'live') return;
  openSocket((client) => {
    if (socket === old) {
      socket = client;
      takeOver(client);
      void old.dispose();
    } else if (socket === client) takeOver(client);
  });
}

export function disconnect(): void {
  for (const stream of streams) stream.stop?.();
  const old = socket;
  socket = null;
  state.state = 'off';
  void old?.dispose();
}

/** Open a stream; call what it returns to close it. */
export function openStream<Data, Given>(options: StreamOptions<Data, Given>): () => void {
  const query = options.document.toString();
  const stream: Stream = { options: options as unknown as StreamOptions<never>, query, after: undefined, stop: null, hadSocket: false };
  streams.add(stream);
  if (socket && state.state === 'live') start(stream, socket);
  return () => {
    streams.delete(stream);
    clearTimeout(stream.retry);
    stream.stop?.();
  };
}

function wakeUp(): void {
  wake?.();
}
window.addEventListener('online', wakeUp);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') wakeUp();
});
