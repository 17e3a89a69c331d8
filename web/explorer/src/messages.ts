/**
 * What is shown of a subscription: of a stream of states its newest value, of a stream of events all of them.
 *
 * Promises: the newest message stands first; only the newest MOST are kept.
 */
import type { ExecutionResult } from 'graphql-ws';

/** Streams of events, which can be resumed: every message tells of something else. */
export const EVENT_STREAMS: ReadonlySet<string> = new Set(['accountEvents', 'anomalies', 'anomalyCases', 'executions', 'orderEvents', 'riskEvents']);

const MOST = 200;

/** Turns each message into what is shown. */
export function listed(field: string | undefined): (result: ExecutionResult) => ExecutionResult {
  if (!field || !EVENT_STREAMS.has(field)) return (result) => result;
  const messages: unknown[] = [];
  let received = 0;
  return (result) => {
    received += 1;
    messages.unshift(result.errors ? result : (result.data as Record<string, unknown> | null)?.[field] ?? result.data);
    messages.splice(MOST);
    // GraphiQL shows any object as JSON.
    return { received, messages: [...messages] } as unknown as ExecutionResult;
  };
}
