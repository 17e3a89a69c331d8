import { describe, expect, test } from 'vitest';

import { nextTurn, type Waiting } from '@/api/turns';

const TURN = 1_000;
const state = (isOpen: boolean, since = 0): Waiting => ({ isOpen, since, isOfEvents: false });
const ofEvents = (isOpen: boolean, since = 0): Waiting => ({ isOpen, since, isOfEvents: true });

/** Let turns pass: which streams were open after each. */
function pass(streams: Waiting[], places: number, turns: number): number[][] {
  const history: number[][] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const now = turn * TURN;
    const { ends, begin } = nextTurn(streams, places, now, TURN);
    for (const index of ends) streams[index] = { ...streams[index]!, isOpen: false, since: now };
    for (const index of begin) streams[index] = { ...streams[index]!, isOpen: true, since: now };
    history.push(streams.flatMap(({ isOpen }, index) => (isOpen ? [index] : [])));
  }
  return history;
}

describe('streams that share connections', () => {
  test('where there is room all are open, and none is asked about again', () => {
    expect(nextTurn([state(false), ofEvents(false)], 4, 0, TURN)).toEqual({ ends: [], begin: [0, 1], isWaiting: false });
    expect(nextTurn(Array.from({ length: 40 }, () => state(false)), Number.POSITIVE_INFINITY, 0, TURN).begin).toHaveLength(40);
  });

  test('streams of events keep their connection, the others take turns, and nobody is left out', () => {
    const history = pass([state(false), ofEvents(false), state(false), ofEvents(false), state(false), state(false), state(false)], 4, 12);
    expect(history.every((open) => open.length === 4 && open.includes(1) && open.includes(3))).toBe(true);
    for (const index of [0, 2, 4, 5, 6]) expect(history.filter((open) => open.includes(index)).length).toBeGreaterThanOrEqual(4);
  });

  test('more streams of events than connections: one connection is shared by the rest', () => {
    const history = pass([ofEvents(false), ofEvents(false), ofEvents(false), ofEvents(false), state(false)], 4, 8);
    expect(history.every((open) => [0, 1, 2].every((index) => open.includes(index)))).toBe(true);
    expect(new Set(history.map((open) => open.at(-1)))).toEqual(new Set([3, 4]));
  });

  test('a stream of events that comes late does not wait until a turn is over', () => {
    const streams = [state(true), state(true), state(true), state(true), ofEvents(false)];
    const { ends, begin } = nextTurn(streams, 4, 10, TURN);
    expect([ends.length, begin]).toEqual([1, [4]]);
  });

  test('a turn that is not over is not ended for states', () => {
    expect(nextTurn([state(true, 500), state(true, 500), state(false)], 2, 1_000, TURN)).toMatchObject({ ends: [], begin: [], isWaiting: true });
  });
});
