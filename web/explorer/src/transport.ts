/**
 * How GraphiQL reaches the API: queries and mutations by POST, subscriptions over graphql-transport-ws.
 *
 * Promises: both carry the session's credential, fetched anew for each request and each connection; a refused token is
 * renewed once and the operation sent again (it had not been executed); a lost socket is re-made and its subscriptions
 * resumed; a failure of the way there looks like an error of the API.
 */
import type { Fetcher, FetcherParams, Observable } from '@graphiql/toolkit';
import { Kind, OperationTypeNode, parse, type OperationDefinitionNode } from 'graphql';
import { CloseCode, createClient, type Client, type ExecutionResult, type Sink } from 'graphql-ws';

import { isUnauthenticated, post, RequestFailed, type GraphQLFailure, type GraphQLRequest } from './graphql';
import { listed } from './messages';
import type { Session } from './session';

export interface Transport {
  fetcher: Fetcher;
  /** Ends every subscription and closes the socket. */
  dispose(): void;
}

const RECONNECTS = 10;

function socketAddress(endpoint: string): string {
  const address = new URL(endpoint, window.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

function isForbidden(event: unknown): boolean {
  return event instanceof CloseEvent && event.code === CloseCode.Forbidden;
}

function openSocket(endpoint: string, session: Session): Client {
  let sent: string | null = null;
  return createClient({
    url: socketAddress(endpoint),
    retryAttempts: RECONNECTS,
    connectionParams: async () => {
      sent = await session.authorization();
      return sent ? { authorization: sent } : {};
    },
    // Signed out, the same refusal would only come again.
    shouldRetry: (event) => event instanceof CloseEvent && (!isForbidden(event) || session.state().credential !== null),
    on: {
      closed: (event) => {
        if (isForbidden(event) && sent) void session.renew(sent);
      },
    },
  });
}

/**
 * The operation that will run, told from the text itself: right after a change of tab GraphiQL still names the last tab's.
 */
function chosenOperation({ query, operationName }: FetcherParams): { name: string | undefined; isSubscription: boolean; field: string | undefined } {
  let operations: OperationDefinitionNode[] = [];
  try {
    operations = parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  } catch {
    // Not a document: the server says what is wrong with it, and where.
  }
  const chosen = operations.length === 1 ? operations[0] : operations.find(({ name }) => name?.value === operationName);
  const first = chosen?.selectionSet.selections[0];
  return {
    name: chosen ? chosen.name?.value : (operationName ?? undefined),
    isSubscription: chosen?.operation === OperationTypeNode.SUBSCRIPTION,
    field: first?.kind === Kind.FIELD && !first.alias ? first.name.value : undefined,
  };
}

function asResult(error: unknown): ExecutionResult {
  let errors: readonly GraphQLFailure[];
  if (Array.isArray(error)) errors = error as GraphQLFailure[];
  else if (error instanceof RequestFailed) errors = [{ message: error.message, extensions: { code: error.code } }];
  else if (error instanceof CloseEvent) errors = [{ message: `The socket was closed: ${error.code} ${error.reason}`.trim() }];
  else errors = [{ message: String(error) }];
  return { errors } as unknown as ExecutionResult;
}

async function request(endpoint: string, session: Session, body: GraphQLRequest, headers: Record<string, string>): Promise<ExecutionResult> {
  const send = (token: string | null) => post(endpoint, body, { ...(token && { authorization: token }), ...headers });
  try {
    const authorization = await session.authorization();
    let answer = await send(authorization);
    if (authorization && isUnauthenticated(answer.result) && (await session.renew(authorization))) {
      answer = await send(await session.authorization());
    }
    return answer.result as ExecutionResult;
  } catch (error) {
    return asResult(error);
  }
}

function subscribe(socket: Client, body: GraphQLRequest, field: string | undefined): Observable<ExecutionResult> {
  const start = ({ next: show, complete }: Sink<ExecutionResult>) => {
    const shown = listed(field);
    const next = (result: ExecutionResult) => show(shown(result));
    return {
      unsubscribe: socket.subscribe(
        { ...body, variables: body.variables as Record<string, unknown> | undefined },
        {
          next,
          error: (error) => {
            next(asResult(error));
            complete();
          },
          complete,
        },
      ),
    };
  };
  // The type also allows three bare functions as arguments, which GraphiQL never passes.
  return { subscribe: start } as Observable<ExecutionResult>;
}

export function createTransport(endpoint: string, session: Session): Transport {
  const socket = openSocket(endpoint, session);
  const fetcher: Fetcher = (params, options) => {
    const { name, isSubscription, field } = chosenOperation(params);
    const body = { query: params.query, variables: params.variables as unknown, operationName: name };
    if (isSubscription) return subscribe(socket, body, field);
    return request(endpoint, session, body, (options?.headers as Record<string, string> | undefined) ?? {});
  };
  return { fetcher, dispose: () => void socket.dispose() };
}
