import { describe, expect, test } from 'vitest';

import type { ChannelRowFragment } from '@/gql/graphql';
import { toDraft, toInput } from '@/pages/notify/channel';

const STORED = { id: 'c', name: 'Desk', url: 'slack://****', shared: true, enabled: false, topics: ['ANOMALY'], minSeverity: 'CRITICAL', accountIds: ['a'], language: 'ZH', timezone: 'Asia/Tokyo', quietFrom: '22:00', quietTo: '07:00', escalateAfterMinutes: 15, lastSentAt: null, lastError: null } as unknown as ChannelRowFragment;

describe('a notification channel', () => {
  test('saved as it was read, it stays what it is', () => {
    const { lastSentAt: _at, lastError: _error, ...kept } = STORED;
    expect(toInput(toDraft(STORED, 'EN', 'UTC'), STORED, true)).toEqual(kept);
  });

  test('what is left empty is none, not nothing typed', () => {
    const draft = { ...toDraft(null, 'EN', 'UTC'), name: ' Mine ', url: ' ntfys://x/y ' };
    expect(toInput(draft, null, false)).toMatchObject({ id: undefined, name: 'Mine', url: 'ntfys://x/y', accountIds: null, quietFrom: null, quietTo: null, escalateAfterMinutes: null, shared: false });
  });

  test('chosen accounts count only while not all are told of', () => {
    const draft = { ...toDraft(STORED, 'EN', 'UTC'), isForAll: true };
    expect(toInput(draft, STORED, true).accountIds).toBeNull();
  });
});
