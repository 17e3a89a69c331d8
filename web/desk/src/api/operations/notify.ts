/** Where a person, or the platform, is told of things when nobody looks at a page. */
import { graphql } from '@/gql';

export const ChannelsQuery = graphql(`
  query NotificationChannels {
    notificationChannels {
      ...ChannelRow
    }
  }

  fragment ChannelRow on NotificationChannel {
    id
    name
    url
    shared
    enabled
    topics
    minSeverity
    accountIds
    language
    timezone
    quietFrom
    quietTo
    escalateAfterMinutes
    lastSentAt
    lastError
  }
`);

export const SaveChannelMutation = graphql(`
  mutation SaveChannel($input: SaveNotificationChannelInput!) {
    saveNotificationChannel(input: $input) {
      id
    }
  }
`);

export const TestChannelMutation = graphql(`
  mutation TestChannel($id: ID!) {
    testNotificationChannel(id: $id)
  }
`);

export const DeleteChannelMutation = graphql(`
  mutation DeleteChannel($id: ID!) {
    deleteNotificationChannel(id: $id)
  }
`);
