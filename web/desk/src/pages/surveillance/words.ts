/** What several parts of the page say alike. */
import { formatBrief } from '@/format/numbers';
import type { AnomalyKind, Severity } from '@/gql/graphql';

/** In the order in which people look for them: abuse of the market first. */
export const KINDS: readonly AnomalyKind[] = [
  'WASH_TRADE', 'LAYERING', 'RAMPING', 'MARKING_THE_CLOSE', 'MOMENTUM_IGNITION', 'CROSS_MARKET', 'FRONT_RUNNING', 'AUCTION_SPOOFING', 'QUOTE_STUFFING', 'CANCEL_RATIO',
  'ORDER_SIZE', 'PRICE_DEVIATION', 'TRADE_FREQUENCY', 'LOSS_PATTERN', 'STRUCTURING', 'ACCOUNT_BALANCE', 'STALE_MARKET_DATA', 'SYSTEM_PERFORMANCE',
];

/** Detectors that read prices or samples, which are not kept: they cannot be replayed. */
const UNKEPT: ReadonlySet<AnomalyKind> = new Set<AnomalyKind>(['STALE_MARKET_DATA', 'SYSTEM_PERFORMANCE']);
export const canReplay = (kind: AnomalyKind): boolean => !UNKEPT.has(kind);

export const caseTone = (severity: Severity): string => ({ CRITICAL: 'bad', WARNING: 'warn', INFO: 'info' })[severity];
export const shortNumber = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : formatBrief(String(value), 6));
