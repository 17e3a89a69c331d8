/**
 * Streams of the platform's event logs that begin where the list beside them was read.
 *
 * Promises: the log's present end is asked for first, the list is read after it, and the stream begins at it: what happens
 * between the two is in the list or comes by the stream. While the end cannot be read the list is read all the same, and again
 * once it can.
 */
import { ref, type Ref } from 'vue';

import type { StreamCursorsQuery as Answer, TypedDocumentString } from '@/gql/graphql';

import { ask } from './client';
import { isAway, toFailure } from './failure';
import { StreamCursorsQuery } from './operations/system';
import { openStream } from './streams';

export type EventLog = Exclude<keyof Answer['streamCursors'], '__typename'>;

interface Following<Data, Given> {
  log: EventLog;
  document: TypedDocumentString<Data, Given>;
  variables: Given;
  cursor(data: Data): string | undefined;
  next(data: Data): void;
  /** Read the list again: it was read before the stream's beginning, or the stream's cursor is of a log that is no more. */
  read?(): void;
}

const RETRY_MS = 4_000;

/** Follow a log until `close` is called. `isReady`: the list beside it can be read now. */
export function followLog<Data, Given>({ log, document, variables, cursor, next, read }: Following<Data, Given>): { close(): void; isReady: Ref<boolean> } {
  const isReady = ref(false);
  let isClosed = false;
  let closeStream: (() => void) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  async function begin(): Promise<void> {
    try {
      const { streamCursors } = await ask(StreamCursorsQuery, {});
      if (isClosed) return;
      closeStream = openStream({ document, variables: { ...variables, after: streamCursors[log] }, cursor, next, reopened: () => read?.() });
      if (isReady.value) read?.();
    } catch (error) {
      if (!isClosed && isAway(toFailure(error))) retry = setTimeout(() => void begin(), RETRY_MS);
    }
    isReady.value = true;
  }

  void begin();
  return {
    isReady,
    close() {
      isClosed = true;
      clearTimeout(retry);
      closeStream?.();
    },
  };
}
