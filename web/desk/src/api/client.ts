/** Questions and commands: one urql client over HTTP, with the session's token. */
import { Client, createRequest, fetchExchange, type AnyVariables } from '@urql/core';

import type { TypedDocumentString } from '@/gql/graphql';

import { fromCombined, RequestFailed } from './failure';
import { session } from './session';

const UNAUTHENTICATED = 'UNAUTHENTICATED';
const ANSWER_MS = 60_000;

async function authorizedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const authorization = await session.authorization();
  const headers = new Headers(init?.headers);
  if (authorization) headers.set('authorization', authorization);
  // A line that died without a word, as after a sleep, must not keep a page waiting for good.
  const limits = [AbortSignal.timeout(ANSWER_MS), ...(init?.signal ? [init.signal] : [])];
  const signal = 'any' in AbortSignal ? AbortSignal.any(limits) : init?.signal;
  return fetch(input, { ...init, headers, signal, cache: 'no-store', credentials: 'same-origin' });
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

async function once<Data, Variables>(document: Document<Data, Variables>, variables: Variables, options: RequestInit): Promise<Data> {
  const text = document.toString().trim();
  const given = variables as AnyVariables;
  const source = text.startsWith('mutation') ? client.mutation(text, given, { fetchOptions: options }) : query(text, given);
  const result = await source.toPromise();
  if (result.error) throw new RequestFailed(fromCombined(result.error));
  return result.data as Data;
}

/**
 * Run one operation; a token that is refused is renewed once and the operation sent again (it had not been executed).
 *
 * Throws RequestFailed with the API's code.
 */
export async function ask<Data, Variables>(document: Document<Data, Variables>, variables: Variables, options: Pick<RequestInit, 'keepalive'> = {}): Promise<Data> {
  try {
    return await once(document, variables, options);
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.failure.code !== UNAUTHENTICATED || !session.isOpen) throw error;
    await session.refused();
    if (!session.isOpen) throw error;
    return once(document, variables, options);
  }
}
