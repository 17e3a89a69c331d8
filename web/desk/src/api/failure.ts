/** What can go wrong between the desk and the API, as one type. */
import type { CombinedError } from '@urql/core';

export interface Failure {
  /** The API's code, or NETWORK when nobody answered. */
  code: string;
  message: string;
  /** The input field that is wrong, where the API names one, as in its argument: `quantity` of `input.quantity`. */
  field?: string;
  reason?: string;
  retryAfterSeconds?: number;
  requestId?: string;
}

interface CodedError {
  message: string;
  extensions?: Record<string, unknown>;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The path without the argument and the places in lists. */
function withinArgument(path: string | undefined): string | undefined {
  const [argument, ...inner] = path?.split('.') ?? [];
  const names = inner.filter((step) => !/^\d+$/.test(step));
  return names.length ? names.join('.') : argument;
}

export function fromCoded(error: CodedError): Failure {
  const extensions = error.extensions ?? {};
  return {
    code: text(extensions.code) ?? 'INTERNAL_SERVER_ERROR',
    message: error.message,
    field: withinArgument(text(extensions.field)),
    reason: text(extensions.reason),
    retryAfterSeconds: typeof extensions.retryAfterSeconds === 'number' ? extensions.retryAfterSeconds : undefined,
    requestId: text(extensions.requestId),
  };
}

/** Asked again, these may be answered. */
const AWAY = new Set(['NETWORK', 'UNAVAILABLE', 'RATE_LIMITED']);
export const isAway = ({ code }: Failure): boolean => AWAY.has(code);

export const networkFailure = (message = ''): Failure => ({ code: 'NETWORK', message });

export function fromCombined(error: CombinedError): Failure {
  const [first] = error.graphQLErrors;
  return first ? fromCoded(first as CodedError) : networkFailure(error.message);
}

/** Thrown by `ask` and by the session: carries the failure to whoever shows it. */
export class RequestFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export function toFailure(error: unknown): Failure {
  return error instanceof RequestFailed ? error.failure : networkFailure(error instanceof Error ? error.message : String(error));
}
