/**
 * The account that the first tabs are about: the oldest that the visitor may see.
 *
 * Promises: tabs that still speak of the last one, or of none, speak of it; what else the visitor wrote stays as it is.
 */
import { ask } from './graphql';

const KEPT = 'tradegraph:explorer:account';
// GraphiQL's own: all tabs, and the variables of the one that is shown.
const TABS = 'graphiql:tabState';
const VARIABLES = 'graphiql:variables';

const FIRST_ACCOUNT = '{ accountsConnection(first: 1) { edges { node { id } } } }';

interface Found {
  accountsConnection: { edges: { node: { id: string } }[] };
}

export const keptAccount = (storage: Storage): string => storage.getItem(KEPT) ?? '';

/** The id of the account, or null where the visitor may see none. Throws `RequestFailed`. */
export async function findAccount(endpoint: string, authorization: string): Promise<string | null> {
  const { data } = await ask<Found>(endpoint, { query: FIRST_ACCOUNT }, authorization);
  return data.accountsConnection.edges[0]?.node.id ?? null;
}

export function keepAccount(storage: Storage, id: string): void {
  const before = `"accountId": ${JSON.stringify(keptAccount(storage))}`;
  const after = `"accountId": ${JSON.stringify(id)}`;
  const variables = storage.getItem(VARIABLES);
  if (variables) storage.setItem(VARIABLES, variables.replaceAll(before, after));
  try {
    const kept = JSON.parse(storage.getItem(TABS) ?? 'null') as { tabs?: { variables?: unknown }[] } | null;
    for (const tab of kept?.tabs ?? []) {
      if (typeof tab.variables === 'string') tab.variables = tab.variables.replaceAll(before, after);
    }
    if (kept) storage.setItem(TABS, JSON.stringify(kept));
  } catch {
    // What GraphiQL cannot read either is not mended here.
  }
  storage.setItem(KEPT, id);
}
