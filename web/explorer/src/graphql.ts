/**
 * One GraphQL request over HTTP, and how its failures are told apart.
 *
 * Promises: the answer is a well-formed GraphQL result or a `RequestFailed` with a code and a message fit to show.
 */
export interface GraphQLFailure {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; [name: string]: unknown };
}

export interface GraphQLResult<Data = Record<string, unknown>> {
  data?: Data | null;
  errors?: readonly GraphQLFailure[];
  extensions?: Record<string, unknown>;
}

export interface GraphQLRequest {
  query: string;
  variables?: unknown;
  operationName?: string | null;
}

export interface Answer<Data = Record<string, unknown>> {
  result: GraphQLResult<Data>;
  /** The server's own time of the answer in milliseconds, where it says so: token lifetimes are measured against it. */
  serverTimeMs: number;
}

export class RequestFailed extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.name = 'RequestFailed';
    this.code = code;
  }
}

/** The server could not be asked, or could not answer now: the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof RequestFailed && ['UNREACHABLE', 'UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR'].includes(error.code);
}

export function isUnauthenticated(result: GraphQLResult): boolean {
  return result.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED') ?? false;
}

export async function post(endpoint: string, request: GraphQLRequest, headers: Record<string, string>): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept: 'application/graphql-response+json, application/json;q=0.9', 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
      // Credentials travel in the header alone; a cookie of something else on this host has no business here.
      credentials: 'omit',
    });
  } catch {
    throw new RequestFailed('The server cannot be reached.', 'UNREACHABLE');
  }
  const serverTimeMs = Date.parse(response.headers.get('date') ?? '') || Date.now();
  const text = await response.text();
  try {
    return { result: JSON.parse(text) as GraphQLResult, serverTimeMs };
  } catch {
    const code = response.status >= 500 ? 'UNAVAILABLE' : response.status === 429 ? 'RATE_LIMITED' : 'BAD_RESPONSE';
    throw new RequestFailed(`The server answered ${response.status} ${response.statusText}`.trim(), code);
  }
}

/** As `post`, for the page's own operations: any error in the result is thrown. */
export async function ask<Data>(endpoint: string, request: GraphQLRequest, authorization?: string): Promise<{ data: Data; serverTimeMs: number }> {
  const { result, serverTimeMs } = await post(endpoint, request, authorization ? { authorization } : {});
  const failure = result.errors?.[0];
  if (failure || !result.data) {
    throw new RequestFailed(failure?.message ?? 'The server sent no data.', failure?.extensions?.code ?? 'BAD_RESPONSE');
  }
  return { data: result.data as Data, serverTimeMs };
}
