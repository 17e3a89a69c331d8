/** A channel as it is typed, and as the API takes it: values in, values out. */
import { parseTyped } from '@/format/numbers';
import type { ChannelRowFragment, NotificationLanguage, NotificationTopic, SaveNotificationChannelInput, Severity } from '@/gql/graphql';

export const TOPICS: readonly NotificationTopic[] = ['RISK_EVENT', 'ANOMALY', 'ORDER_FILLED', 'ORDER_REJECTED', 'DAILY_STATEMENT', 'TASK_FAILED', 'SYSTEM_HEALTH'];

export interface ChannelDraft {
  name: string;
  url: string;
  enabled: boolean;
  topics: NotificationTopic[];
  minSeverity: Severity;
  isForAll: boolean;
  accountIds: string[];
  language: NotificationLanguage;
  timezone: string;
  quietFrom: string;
  quietTo: string;
  escalateAfterMinutes: string;
}

export function toDraft(channel: ChannelRowFragment | null, language: NotificationLanguage, timezone: string): ChannelDraft {
  return {
    name: channel?.name ?? '',
    url: channel?.url ?? '',
    enabled: channel?.enabled ?? true,
    topics: [...(channel?.topics ?? (['RISK_EVENT', 'ORDER_REJECTED'] as const))],
    minSeverity: channel?.minSeverity ?? 'WARNING',
    isForAll: !channel?.accountIds,
    accountIds: [...(channel?.accountIds ?? [])],
    language: channel?.language ?? language,
    timezone: channel?.timezone ?? timezone,
    quietFrom: channel?.quietFrom ?? '',
    quietTo: channel?.quietTo ?? '',
    escalateAfterMinutes: channel?.escalateAfterMinutes ? String(channel.escalateAfterMinutes) : '',
  };
}

export function toInput(draft: ChannelDraft, channel: ChannelRowFragment | null, shared: boolean): SaveNotificationChannelInput {
  const minutes = parseTyped(draft.escalateAfterMinutes);
  return {
    id: channel?.id,
    name: draft.name.trim(),
    // What is shown of a stored address is not the address: given back as it is, the stored one stays.
    url: draft.url.trim(),
    enabled: draft.enabled,
    topics: draft.topics,
    minSeverity: draft.minSeverity,
    accountIds: draft.isForAll ? null : draft.accountIds,
    language: draft.language,
    timezone: draft.timezone.trim(),
    quietFrom: draft.quietFrom || null,
    quietTo: draft.quietTo || null,
    escalateAfterMinutes: minutes === null ? null : Number(minutes),
    shared,
  };
}
