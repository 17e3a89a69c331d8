/**
 * Everything live, over one WebSocket, or over HTTP where no WebSocket gets through.
 *
 * Promises: a stream that was opened stays open until it is closed, whatever happens to the socket; event streams go on
 * right after the last event that was dealt with; when the token is renewed a second socket takes all streams over before
 * the first is given up, so nothing pauses; `connection` says when figures may be out of date.
 */
import { createClient, type Client } from 'graphql-ws';
import { getCurrentScope, onScopeDispose, reactive, readonly, watch } from 'vue';

import type { TypedDocumentString } from '@/gql/graphql';

import type { Carrier } from './eventStreams';
import { fromCoded, type Failure } from './failure';
import { session } from './session';

type Variables = Record<string, unknown>;
type OpenEvents = (cut: () => void) => Carrier;

export interface StreamOptions<Data, Given = never> {
  document: TypedDocumentString<Data, Given>;
  variables: Given;
  next(data: Data): void;
  /** Of an event stream: the cursor of what was just received, to go on after it. It may begin after a cursor too: `after`. */
  cursor?(data: Data): string | undefined;
  /**
   * The stream began later than it was opened, or anew, and not after a cursor, so it may have missed something:
   * what was read beside it is to be read again.
   */
  reopened?(): void;
  refused?(failure: Failure): void;
}

interface Stream {
  options: StreamOptions<never>;
  query: string;
  after: string | undefined;
  stop: (() => void) | null;
  /** It was not listened to for some time. */
  mayHaveMissed: boolean;
  retry?: ReturnType<typeof setTimeout>;
}

export type ConnectionState = 'off' | 'connecting' | 'live' | 'broken';

const state = reactive({ state: 'off' as ConnectionState, brokenSince: 0, attempts: 0, via: 'socket' as 'socket' | 'events' });
export const connection = readonly(state);

/** Act each time that a line that was cut is there again, for as long as the component lives. */
export function onHealed(act: () => void): void {
  let wasBroken = false;
  const stop = watch(
    () => state.state,
    (now) => {
      if (now === 'live' && wasBroken) act();
      wasBroken = now === 'broken' || (wasBroken && now === 'connecting');
    },
  );
  if (getCurrentScope()) onScopeDispose(stop);
}

const MAX_WAIT_MS = 8_000;
const KEEP_ALIVE_MS = 8_000;
const REOPEN_MS = 2_000;
const PONG_MS = 4_000;
// So long may a WebSocket take to open; a proxy may hold it for good.
const OPEN_MS = 8_000;
// After so many attempts in vain it is seen whether events get through over HTTP.
const ATTEMPTS = 2;
// While they do, a WebSocket is tried now and then.
const RARELY_MS = 60_000;
// A page that nobody looks at for so long gives up its streams of states: a second tab costs its events alone.
const REST_AFTER_MS = 20_000;
// Asking again would be answered the same.
const FINAL = new Set(['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']);
const streams = new Set<Stream>();
let socket: Client | null = null;
let wake: (() => void) | null = null;
let events: Carrier | null = null;
let openEvents: OpenEvents | null = null;
let isTryingEvents = false;
let isResting = false;
let resting: ReturnType<typeof setTimeout> | undefined;

function address(): string {
  const url = new URL('/graphql', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

const isLive = (): boolean => state.state === 'live';

/** Wait before the next attempt, unless the network or the person comes back earlier. */
function pause(retries: number): Promise<void> {
  const wait = (events ? RARELY_MS : Math.min(300 * 2 ** retries, MAX_WAIT_MS)) * (0.7 + Math.random() * 0.6);
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

/** Carry the streams over HTTP until that line is cut. */
function carryByEvents(open: OpenEvents): void {
  const opened = open(() => {
    if (events !== opened) return;
    events = null;
    markBroken();
    // What was cut may be the whole line: the next attempts tell, of the WebSocket and of this.
    wake?.();
    tryEventsUntilLive();
  });
  events = opened;
  openEvents = open;
  state.via = 'events';
  takeOver(opened);
}

/** No WebSocket gets through: see whether events do. */
async function tryEvents(): Promise<void> {
  if (events || isTryingEvents || !session.isOpen) return;
  isTryingEvents = true;
  try {
    const { answersEvents, openEventStreams } = await import('./eventStreams');
    if ((await answersEvents()) && !isLive() && session.isOpen) carryByEvents(openEventStreams);
  } catch {
    // The part of the pages that does it could not be loaded: the next attempt tries again.
  }
  isTryingEvents = false;
}

function tryEventsUntilLive(): void {
  void tryEvents().then(() => {
    if (!isLive() && session.isOpen) setTimeout(() => !isLive() && tryEventsUntilLive(), REOPEN_MS);
  });
}

const carrierOf = (client: Client): Carrier => ({
  subscribe: (request, sink) => client.subscribe(request(), sink as Parameters<Client['subscribe']>[1]),
  dispose: () => client.dispose(),
});

function openSocket(connected: (client: Client) => void): Client {
  let pong: ReturnType<typeof setTimeout> | undefined;
  let opening: ReturnType<typeof setTimeout> | undefined;
  const client: Client = createClient({
    url: address(),
    lazy: false,
    // The protocol's own fatal codes end a client for good; our server means "come again" by them.
    onNonLazyError: () => {
      if (socket !== client) return;
      socket = null;
      setTimeout(() => session.isOpen && connect(), events ? RARELY_MS : REOPEN_MS);
    },
    retryAttempts: Number.MAX_SAFE_INTEGER,
    retryWait: pause,
    keepAlive: KEEP_ALIVE_MS,
    connectionAckWaitTimeout: OPEN_MS,
    connectionParams: async () => {
      const authorization = await session.authorization();
      return authorization ? { authorization } : {};
    },
    shouldRetry: () => session.isOpen && socket === client,
    on: {
      connecting: () => {
        clearTimeout(opening);
        opening = setTimeout(() => socket === client && void tryEvents(), OPEN_MS);
      },
      connected: () => {
        clearTimeout(opening);
        connected(client);
      },
      closed: (event) => {
        clearTimeout(pong);
        clearTimeout(opening);
        if (socket !== client || events) return;
        markBroken();
        state.attempts += 1;
        if (state.attempts >= ATTEMPTS) void tryEvents();
        if (event instanceof CloseEvent && (event.code === 4403 || event.code === 4401)) void session.refused();
      },
      // A peer that is gone without a word does not close the socket, nor answers its closing: no pong says so.
      ping: (received) => {
        if (!received) pong = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pong);
      },
    },
  });
  return client;
}

function start(stream: Stream, carrier: Carrier): void {
  clearTimeout(stream.retry);
  stream.stop?.();
  stream.stop = null;
  if (isResting && !stream.options.cursor) {
    stream.mayHaveMissed = true;
    return;
  }
  const { options } = stream;
  const hasMissed = stream.mayHaveMissed && !stream.after;
  stream.mayHaveMissed = true;
  const given = options.variables as Variables;
  const request = (): { query: string; variables: Variables } => ({ query: stream.query, variables: options.cursor ? { ...given, after: stream.after } : given });
  let isOver = false;
  const again = (wait: number): void => {
    clearTimeout(stream.retry);
    stream.retry = setTimeout(() => {
      const now = carrying();
      if (now && streams.has(stream)) start(stream, now);
    }, wait);
  };
  const unsubscribe = carrier.subscribe(
    request,
    {
      next: ({ data, errors }) => {
        if (isOver) return;
        if (errors?.[0]) options.refused?.(fromCoded(errors[0] as Parameters<typeof fromCoded>[0]));
        if (!data) return;
        options.next(data as never);
        stream.after = options.cursor?.(data as never) ?? stream.after;
      },
      error: (error) => {
        if (isOver) return;
        const failure = Array.isArray(error) && error[0] ? fromCoded(error[0]) : null;
        if (failure?.field === 'after' && stream.after) {
          // A cursor of a log that is no more (a backup was restored): begin now, and read again.
          stream.after = undefined;
          return again(0);
        }
        if (failure) options.refused?.(failure);
        if (failure && FINAL.has(failure.code)) return;
        // The socket's end ends its streams too, when it does not heal itself; try again while somebody listens.
        again(MAX_WAIT_MS);
      },
      // No stream of the API has an end of its own: whatever ended it, somebody here still listens.
      complete: () => {
        if (!isOver) again(REOPEN_MS);
      },
    },
    options.cursor !== undefined,
  );
  stream.stop = () => {
    isOver = true;
    unsubscribe();
  };
  if (hasMissed) options.reopened?.();
}

/** What carries the streams now. */
const carrying = (): Carrier | null => (isLive() ? (events ?? (socket && carrierOf(socket))) : null);

function takeOver(carrier: Carrier): void {
  state.state = 'live';
  state.attempts = 0;
  for (const stream of streams) start(stream, carrier);
}

/** A WebSocket is open: it takes all streams, and what carried them over HTTP is done. */
function takeOverBySocket(client: Client): void {
  const before = events;
  events = null;
  state.via = 'socket';
  takeOver(carrierOf(client));
  before?.dispose();
}

export function connect(): void {
  if (socket) return;
  if (!events) state.state = 'connecting';
  socket = openSocket((client) => {
    if (client === socket) takeOverBySocket(client);
  });
}

/** A new token: the next socket is made with it, takes every stream over, and only then the old one goes. */
export function replaceSocket(): void {
  const old = socket;
  if (!old || !isLive()) return;
  if (events && openEvents) {
    const before = events;
    carryByEvents(openEvents);
    before.dispose();
    return;
  }
  openSocket((client) => {
    if (socket === old) {
      socket = client;
      takeOverBySocket(client);
      void old.dispose();
    } else if (socket === client) takeOverBySocket(client);
  });
}

export function disconnect(): void {
  for (const stream of streams) stream.stop?.();
  const [old, over] = [socket, events];
  socket = null;
  events = null;
  state.state = 'off';
  void old?.dispose();
  over?.dispose();
}

/** Open a stream; call what it returns to close it. */
export function openStream<Data, Given>(options: StreamOptions<Data, Given>): () => void {
  const query = options.document.toString();
  const carrier = carrying();
  const after = options.cursor && ((options.variables as Variables).after as string | undefined);
  const stream: Stream = { options: options as unknown as StreamOptions<never>, query, after, stop: null, mayHaveMissed: carrier === null };
  streams.add(stream);
  if (carrier) start(stream, carrier);
  return () => {
    streams.delete(stream);
    clearTimeout(stream.retry);
    stream.stop?.();
  };
}

function wakeUp(): void {
  wake?.();
}

/** Nobody looks: states are not listened to, events of orders and of risk are, which sound and notify. */
function rest(): void {
  isResting = true;
  for (const stream of streams) {
    if (stream.options.cursor) continue;
    clearTimeout(stream.retry);
    stream.stop?.();
    stream.stop = null;
  }
}

/** Somebody looks again: each state begins with what is true now. */
function goOn(): void {
  clearTimeout(resting);
  if (!isResting) return;
  isResting = false;
  const carrier = carrying();
  if (!carrier) return;
  for (const stream of streams) if (!stream.options.cursor) start(stream, carrier);
}

window.addEventListener('online', wakeUp);
document.addEventListener('visibilitychange', () => {
  clearTimeout(resting);
  if (document.visibilityState === 'visible') {
    wakeUp();
    goOn();
  } else resting = setTimeout(rest, REST_AFTER_MS);
});
