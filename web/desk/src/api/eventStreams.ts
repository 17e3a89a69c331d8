/**
 * Streams over HTTP, for networks that let no WebSocket through: server-sent events by the protocol graphql-sse.
 *
 * Promises: the streams keep to a few connections where the browser has six for all it asks (HTTP/1.1), and take turns there:
 * streams of events keep theirs while they can and go on at their cursor, states begin with what is true when they are next.
 * A stream that is silent for longer than the server's pings allow counts as cut.
 */
import { createClient, NetworkError, type Client } from 'graphql-sse';

import { session } from './session';
import { nextTurn, ROOM } from './turns';

export interface Sink {
  next(result: { data?: unknown; errors?: readonly unknown[] }): void;
  error(error: unknown): void;
  complete(): void;
}

export interface StreamRequest {
  query: string;
  variables: Record<string, unknown>;
}

/** What carries streams: the WebSocket, or this. `request` is asked for anew each time that a stream begins. */
export interface Carrier {
  subscribe(request: () => StreamRequest, sink: Sink, isOfEvents: boolean): () => void;
  dispose(): unknown;
}

interface Entry {
  request: () => StreamRequest;
  sink: Sink;
  isOfEvents: boolean;
  stop: (() => void) | null;
  /** When its turn began, or ended. */
  since: number;
}

const URL_PATH = '/graphql/stream';
const SILENT_MS = 40_000;
const TURN_MS = 1_000;

const headers = async (): Promise<Record<string, string>> => {
  const authorization = await session.authorization();
  return authorization ? { authorization } : {};
};

/** How many streams may be open at once, of as many connections as this page's protocol shares with everything else. */
function room(): number {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return ['h2', 'h3'].includes(page?.nextHopProtocol ?? '') ? Number.POSITIVE_INFINITY : ROOM;
}

/** An answer whose body fails when it is silent for too long. */
async function watchedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, cache: 'no-store' });
  if (!response.ok || !response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const timer = setTimeout(() => {
        controller.error(new Error('silent'));
        void reader.cancel();
      }, SILENT_MS);
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

/** Whether events get through here. */
export async function answersEvents(): Promise<boolean> {
  try {
    const given = { ...(await headers()), 'content-type': 'application/json', accept: 'text/event-stream' };
    const response = await fetch(URL_PATH, { method: 'POST', headers: given, body: JSON.stringify({ query: '{ __typename }' }), credentials: 'same-origin', cache: 'no-store' });
    await response.body?.cancel();
    if (response.status === 401) await session.refused();
    return response.ok;
  } catch {
    return false;
  }
}

/** Carry streams until the line is cut, which is told once. */
export function openEventStreams(cut: () => void): Carrier {
  const client: Client = createClient({ url: URL_PATH, headers, credentials: 'same-origin', retryAttempts: 0, fetchFn: watchedFetch });
  const entries: Entry[] = [];
  const places = room();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  function dispose(): void {
    isOver = true;
    clearTimeout(timer);
    client.dispose();
  }

  function failed(entry: Entry, error: unknown): void {
    if (isOver || !entries.includes(entry)) return;
    if (!(error instanceof NetworkError)) return entry.sink.error(error);
    dispose();
    if ((error.response as Response | undefined)?.status === 401) void session.refused();
    cut();
  }

  function start(entry: Entry): void {
    let isStopped = false;
    let hasFailed = false;
    const unsubscribe = client.subscribe(entry.request(), {
      next: (result) => {
        if (isStopped) return;
        // Without data it is the refusal of the whole operation.
        hasFailed = !result.data && Boolean(result.errors?.length);
        if (hasFailed) entry.sink.error(result.errors);
        else entry.sink.next(result);
      },
      error: (error) => {
        if (!isStopped) failed(entry, error);
      },
      complete: () => {
        if (isStopped) return;
        entries.splice(entries.indexOf(entry), 1);
        if (!hasFailed) entry.sink.complete();
        fill();
      },
    });
    entry.since = performance.now();
    entry.stop = () => {
      isStopped = true;
      entry.stop = null;
      entry.since = performance.now();
      unsubscribe();
    };
  }

  function fill(): void {
    clearTimeout(timer);
    if (isOver) return;
    const { ends, begin, isWaiting } = nextTurn(entries.map(({ stop, since, isOfEvents }) => ({ isOpen: stop !== null, since, isOfEvents })), places, performance.now(), TURN_MS);
    const [ending, beginning] = [ends.map((index) => entries[index]!), begin.map((index) => entries[index]!)];
    for (const entry of ending) entry.stop?.();
    for (const entry of beginning) start(entry);
    if (isWaiting) timer = setTimeout(fill, TURN_MS);
  }

  return {
    subscribe(request, sink, isOfEvents) {
      const entry: Entry = { request, sink, isOfEvents, stop: null, since: 0 };
      entries.push(entry);
      // What is asked for in one go is looked at together.
      queueMicrotask(fill);
      return () => {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
        entry.stop?.();
        if (!isOver) queueMicrotask(fill);
      };
    },
    dispose,
  };
}
