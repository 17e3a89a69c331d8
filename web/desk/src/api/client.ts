/** Questions and commands: one urql client over HTTP, with the session's token. */
import { Client, createRequest, fetchExchange, type AnyVariables } from '@urql/core';

import type { TypedDocumentString } from '@/gql/graphql';

import { fromCombined, RequestFailed } from './failure';
import { session } from './session';

const UNAUTHENTICATED = 'UNAUTHENTICATED';

async function authorizedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const authorization = await session.authorization();
  const headers = new Headers(init?.headers);
  if (authorization) headers.set('authorization', authorization);
  return fetch(input, { ...init, headers, cache: 'no-store', credentials: 'same-origin' });
}

export const client = new Client({
  url: '/graphql',
  exchanges: [fetchExchange],
  fetch: authorizedFetch,
  preferGetMethod: false,
  requestPolicy: 'network-only',
});

type Document<Data, Variables> = TypedDocumentString<Data, Variables>;

let count = 0;

/**
 * One question, sent whatever else is under way.
 *
 * By its own key urql would answer it with the answer to the same question asked earlier, which a change that came between
 * is not in.
 */
function query(text: string, variables: AnyVariables) {
  count += 1;
  return client.executeQuery({ ...createRequest(text, variables), key: count });
}

async function once<Data, Variables>(document: Document<Data, Variables>, variables: Variables): Promise<Data> {
  const text = document.toString().trim();
  const given = variables as AnyVariables;
  const source = text.startsWith('mutation') ? client.mutation(text, given) : query(text, given);
  const result = await source.toPromise();
  if (result.error) throw new RequestFailed(fromCombined(result.error));
  return result.data as Data;
}

/**
 * Run one operation; a token that is refused is renewed once and the operation sent again (it had not been executed).
 *
 * Throws RequestFailed with the API's code.
 */
export async function ask<Data, Variables>(document: Document<Data, Variables>, variables: Variables): Promise<Data> {
  try {
    return await once(document, variables);
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.failure.code !== UNAUTHENTICATED || !session.isOpen) throw error;
    await session.refused();
    if (!session.isOpen) throw error;
    return once(document, variables);
  }
}
