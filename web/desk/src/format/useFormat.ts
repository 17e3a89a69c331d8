/** Numbers and times in the person's language, zone and currency, and the API's words in the person's words. */
import { useI18n } from 'vue-i18n';

import { useMarket } from '@/stores/market';
import { usePreferences } from '@/stores/preferences';

import { formatBrief, formatCompact, formatDecimal, formatMoney, formatRatio, NOTHING, signOf, type Text } from './numbers';
import { formatDay, formatDuration, formatMoment, formatTime } from './times';

export function useFormat() {
  const { t, te } = useI18n();
  const market = useMarket();
  const { values } = usePreferences();

  /** The person's word for one of the API's: `word('status', 'FILLED')`. What has no word yet stays as it is. */
  function word(kind: string, value: string | null | undefined): string {
    if (!value) return NOTHING;
    const key = `words.${kind}.${value}`;
    return te(key) ? t(key) : value;
  }

  /** The kind of an event of risk: a limit, something unusual, or what an operator did. */
  function riskEvent(kind: string): string {
    const key = [`words.rule.${kind}`, `words.anomaly.${kind}`, `operations.act.${kind}`].find((each) => te(each));
    return key ? t(key) : kind;
  }

  return {
    t,
    te,
    word,
    riskEvent,
    money: formatMoney,
    decimal: formatDecimal,
    compact: formatCompact,
    brief: formatBrief,
    percent: formatRatio,
    price: (symbol: string, value: Text): string => formatDecimal(value, { decimals: market.instruments.get(symbol)?.priceDecimals }),
    /** A price that somebody gave: between two ticks as well, which is why it may have been refused. */
    givenPrice: (symbol: string, value: Text): string => formatDecimal(value, { decimals: market.instruments.get(symbol)?.priceDecimals, exact: true }),
    size: (symbol: string, value: Text): string => formatDecimal(value, { decimals: market.instruments.get(symbol)?.sizeDecimals, exact: true }),
    time: (at: string | null | undefined): string => (at ? formatTime(at, values.language, values.zone) : NOTHING),
    moment: (at: string | null | undefined): string => (at ? formatMoment(at, values.language, values.zone) : NOTHING),
    day: (at: string | null | undefined): string => (at ? formatDay(at, values.language, values.zone) : NOTHING),
    duration: (seconds: number | null | undefined): string =>
      seconds === null || seconds === undefined ? NOTHING : formatDuration(seconds, values.language),
    /** The class that colours a number. */
    colour: (value: number | Text): string => ({ '1': 'up', '0': '', '-1': 'down' })[String(signOf(value))] ?? '',
  };
}
