/** Who of many streams may use one of few connections: values in, values out. */

/** Browsers have six connections to a server over HTTP/1.1; two are left for questions. */
export const ROOM = 4;

export interface Waiting {
  isOpen: boolean;
  /** When its turn began if it is open, else when its last one ended. */
  since: number;
  isOfEvents: boolean;
}

export interface Turn {
  ends: number[];
  begin: number[];
  /** Whether somebody still waits, so that it has to be asked again. */
  isWaiting: boolean;
}

/**
 * Which streams end their turn and which begin one, by their places in the list.
 *
 * Guarantees: never more than `places` are open; streams of events keep their connection as long as one is left for the
 * others to share; everybody else has a turn, whoever has waited longest first.
 */
export function nextTurn(streams: readonly Waiting[], places: number, now: number, turnMs: number): Turn {
  const all = streams.map((stream, index) => ({ ...stream, index }));
  if (all.length <= places) return { ends: [], begin: all.filter(({ isOpen }) => !isOpen).map(({ index }) => index), isWaiting: false };
  const kept = new Set(
    all
      .filter(({ isOfEvents }) => isOfEvents)
      .slice(0, places - 1)
      .map(({ index }) => index),
  );
  const waiting = all.filter(({ isOpen }) => !isOpen).sort((a, b) => Number(kept.has(b.index)) - Number(kept.has(a.index)) || a.since - b.since);
  const open = all.filter(({ isOpen }) => isOpen);
  // Those who are to keep a connection do not wait until a turn is over.
  const urgent = waiting.filter(({ index }) => kept.has(index)).length;
  const free = places - open.length;
  const tired = open.filter(({ index }) => !kept.has(index)).sort((a, b) => a.since - b.since);
  const over = tired.filter(({ since }, order) => now - since >= turnMs || order < urgent - free).slice(0, Math.max(0, waiting.length - free));
  const begin = waiting.slice(0, free + over.length);
  return { ends: over.map(({ index }) => index), begin: begin.map(({ index }) => index), isWaiting: all.length > places };
}
