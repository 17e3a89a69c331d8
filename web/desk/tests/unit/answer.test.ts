/** Questions whose answers come late: what a page shows is never older than what it asked last. */
import { describe, expect, it, vi } from 'vitest';
import { effectScope, ref, nextTick } from 'vue';

import { useAnswer } from '@/api/answer';
import { ask } from '@/api/client';
import { usePages } from '@/api/pages';
import { TypedDocumentString } from '@/gql/graphql';

const HALTS = new TypedDocumentString<{ tradingHalts: string[] }, { activeOnly: boolean }>('query Halts($activeOnly: Boolean!) { tradingHalts(activeOnly: $activeOnly) { id } }');
interface List {
  list: { pageInfo: { hasNextPage: boolean }; edges: { node: string }[] };
}
const LIST = new TypedDocumentString<List, { after?: string; first?: number }>('query List($after: Cursor, $first: Int) { list(after: $after, first: $first) { id } }');

/** A server that answers when it is told to: each request in the order of arrival. */
function server() {
  const waiting: ((body: object) => void)[] = [];
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => waiting.push((data) => resolve(new Response(JSON.stringify({ data }), { headers: { 'content-type': 'application/json' } })))));
  return { waiting, arrived: (count: number) => vi.waitUntil(() => waiting.length === count) };
}
const list = (...names: string[]): List => ({ list: { pageInfo: { hasNextPage: false }, edges: names.map((node) => ({ node })) } });

describe('questions', () => {
  it('asks anew though the same question is under way', async () => {
    const { waiting, arrived } = server();
    const [first, second] = [ask(HALTS, { activeOnly: false }), ask(HALTS, { activeOnly: false })];
    await arrived(2);
    waiting[0]?.({ tradingHalts: [] });
    waiting[1]?.({ tradingHalts: ['new'] });
    expect(await first).toEqual({ tradingHalts: [] });
    expect(await second).toEqual({ tradingHalts: ['new'] });
  });

  it('keeps what was asked last, though the earlier answer comes later', async () => {
    const { waiting, arrived } = server();
    const scope = effectScope();
    const halts = scope.run(() => useAnswer(HALTS, { activeOnly: false }))!;
    await arrived(1);
    const read = halts.again();
    await arrived(2);
    waiting[1]?.({ tradingHalts: ['new'] });
    await read;
    waiting[0]?.({ tradingHalts: [] });
    await nextTick();
    await new Promise((resolve) => setTimeout(resolve));
    expect(halts.data.value).toEqual({ tradingHalts: ['new'] });
    expect(halts.isLoading.value).toBe(false);
    scope.stop();
  });

  it('keeps what is shown when asking again fails, and drops it when something else was asked', async () => {
    const { waiting, arrived } = server();
    const activeOnly = ref(false);
    const scope = effectScope();
    const halts = scope.run(() => useAnswer(HALTS, () => ({ activeOnly: activeOnly.value })))!;
    await arrived(1);
    waiting[0]?.({ tradingHalts: ['old'] });
    await vi.waitUntil(() => halts.data.value);
    vi.stubGlobal('fetch', () => Promise.reject(new Error('away')));
    await halts.again();
    expect(halts.failure.value?.code).toBe('NETWORK');
    expect(halts.data.value).toEqual({ tradingHalts: ['old'] });
    activeOnly.value = true;
    await vi.waitUntil(() => halts.data.value === undefined);
    scope.stop();
  });

  it('reads a list again after a change though its first page is still on its way', async () => {
    const { waiting, arrived } = server();
    const scope = effectScope();
    const pages = scope.run(() => usePages(LIST, () => ({}), (data) => data.list))!;
    await arrived(1);
    const read = pages.reload();
    await arrived(2);
    waiting[0]?.(list());
    waiting[1]?.(list('new'));
    await read;
    expect(pages.rows.value).toEqual(['new']);
    scope.stop();
  });
});
