/** People, what they prefer, their keys and what was audited. */
import { graphql } from '@/gql';

export const ViewerQuery = graphql(`
  query Viewer {
    viewer {
      id
      email
      name
      role
      preferences
    }
  }
`);

export const SavePreferencesMutation = graphql(`
  mutation SavePreferences($preferences: JSON!) {
    savePreferences(preferences: $preferences)
  }
`);

export const UsersQuery = graphql(`
  query Users($first: Int, $after: String) {
    users(first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...UserRow
        }
      }
    }
  }

  fragment UserRow on User {
    id
    email
    name
    role
    active
    createdAt
    grants {
      permission
      grantedAt
      account {
        id
        name
      }
    }
  }
`);

export const CreateUserMutation = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      ...UserRow
    }
  }
`);

export const UpdateUserMutation = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      ...UserRow
    }
  }
`);

export const GrantAccountMutation = graphql(`
  mutation GrantAccount($input: GrantAccountInput!) {
    grantAccount(input: $input) {
      ...UserRow
    }
  }
`);

export const RevokeAccountMutation = graphql(`
  mutation RevokeAccount($userId: ID!, $accountId: ID!) {
    revokeAccount(userId: $userId, accountId: $accountId) {
      ...UserRow
    }
  }
`);

export const ApiKeysQuery = graphql(`
  query ApiKeys {
    apiKeys {
      ...ApiKeyRow
    }
  }

  fragment ApiKeyRow on ApiKey {
    id
    name
    prefix
    role
    createdAt
    lastUsedAt
    expiresAt
    revokedAt
  }
`);

export const CreateApiKeyMutation = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      secret
      apiKey {
        ...ApiKeyRow
      }
    }
  }
`);

export const RevokeApiKeyMutation = graphql(`
  mutation RevokeApiKey($id: ID!) {
    revokeApiKey(id: $id) {
      ...ApiKeyRow
    }
  }
`);

export const AuditLogQuery = graphql(`
  query AuditLog($actor: String, $action: String, $from: DateTime, $first: Int, $after: String) {
    auditLog(actor: $actor, action: $action, from: $from, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          at
          actor
          action
          target
          outcome
          detail
        }
      }
    }
  }
`);

export const SessionsQuery = graphql(`
  query Sessions($userId: ID) {
    sessions(userId: $userId) {
      id
      current
      device
      address
      createdAt
      usedAt
      expiresAt
    }
  }
`);

export const RevokeSessionMutation = graphql(`
  mutation RevokeSession($id: ID!) {
    revokeSession(id: $id) {
      id
    }
  }
`);

export const RevokeOtherSessionsMutation = graphql(`
  mutation RevokeOtherSessions {
    revokeOtherSessions
  }
`);
