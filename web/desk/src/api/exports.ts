/** Whole lists as files, written by the server: every row, not only those that a page has read. */
import { fromCoded, networkFailure, RequestFailed } from './failure';
import { session } from './session';

export const EXPORTS = ['history', 'orders', 'executions', 'ledger', 'statements', 'closed-trades', 'tax-lots', 'equity'] as const;
export type ExportKind = (typeof EXPORTS)[number];
export const EXPORT_FORMATS = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportWish {
  accountId: string;
  kind: ExportKind;
  format: ExportFormat;
  from?: string;
  to?: string;
  /** How exits choose the lots that they close: of tax lots alone. */
  method?: string;
}

export function exportAddress({ accountId, kind, format, from, to, method }: ExportWish): string {
  const query = new URLSearchParams({ account: accountId });
  if (from) query.set('from', from);
  if (to) query.set('to', to);
  if (method && kind === 'tax-lots') query.set('method', method);
  return `/export/${kind}.${format}?${query}`;
}

/** The file; throws RequestFailed with the API's code, also when the connection ends before the last row. */
export async function readExport(wish: ExportWish): Promise<Blob> {
  const authorization = await session.authorization();
  let response: Response;
  try {
    response = await fetch(exportAddress(wish), { headers: authorization ? { authorization } : {}, cache: 'no-store', credentials: 'same-origin' });
    if (response.ok) return await response.blob();
  } catch (error) {
    throw new RequestFailed(networkFailure(String(error)));
  }
  const content = (await response.json().catch(() => null)) as { errors?: Parameters<typeof fromCoded>[0][] } | null;
  throw new RequestFailed(content?.errors?.[0] ? fromCoded(content.errors[0]) : networkFailure(`${response.status}`));
}
