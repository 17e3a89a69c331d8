import { beforeEach, expect, test, vi } from 'vitest';

import { RequestFailed } from '@/api/failure';
import { RiskEventsStream } from '@/api/operations/risk';

const steps: string[] = [];
const opened: { variables: Record<string, unknown>; next(data: unknown): void; reopened?(): void }[] = [];
let answer: () => Promise<unknown>;

vi.mock('@/api/client', () => ({
  ask: () => {
    steps.push('cursors asked');
    return answer();
  },
}));
vi.mock('@/api/streams', () => ({
  openStream: (options: (typeof opened)[number]) => {
    steps.push(`stream after ${String(options.variables.after)}`);
    opened.push(options);
    return () => steps.push('stream closed');
  },
}));

const { followLog } = await import('@/api/follow');
const follow = () =>
  followLog({
    log: 'riskEvents',
    document: RiskEventsStream,
    variables: { minSeverity: 'INFO' },
    cursor: ({ riskEvents }) => riskEvents.cursor,
    next: () => undefined,
    read: () => steps.push('list read again'),
  });

beforeEach(() => {
  vi.useFakeTimers();
  steps.length = 0;
  opened.length = 0;
});

test('the list may be read once the log’s end is known, and the stream begins there', async () => {
  answer = async () => ({ streamCursors: { riskEvents: 'end' } });
  const { isReady, close } = follow();
  expect(isReady.value).toBe(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(isReady.value).toBe(true);
  expect(steps).toEqual(['cursors asked', 'stream after end']);
  // Its cursor was refused: what came meanwhile is in the list alone.
  opened[0]!.reopened?.();
  expect(steps.at(-1)).toBe('list read again');
  close();
  expect(steps.at(-1)).toBe('stream closed');
});

test('while the end cannot be read the list is read all the same, and again when it can', async () => {
  answer = () => Promise.reject(new RequestFailed({ code: 'NETWORK', message: '' }));
  const { isReady } = follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(isReady.value).toBe(true);
  answer = async () => ({ streamCursors: { riskEvents: 'later' } });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(steps).toEqual(['cursors asked', 'cursors asked', 'stream after later', 'list read again']);
});

test('who went away meanwhile follows nothing', async () => {
  answer = async () => ({ streamCursors: { riskEvents: 'end' } });
  follow().close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(opened).toEqual([]);
});
