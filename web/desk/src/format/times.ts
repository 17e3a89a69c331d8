/** Times in the zone that the person chose. */
export type Zone = string; // an IANA name, or '' for the browser's own

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options, ...(zone && { timeZone: zone }) });
    formats.set(key, found);
  }
  return found;
}

const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const DAY: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' };

const at = (text: string): Date => new Date(text);

export const formatTime = (text: string, language: string, zone: Zone): string => format(language, zone, TIME).format(at(text));

export function formatMoment(text: string, language: string, zone: Zone): string {
  // One order of year, month and day everywhere: it sorts, and nobody takes 03/04 for another day.
  const parts = new Map(format('en', zone, { ...DAY, ...TIME }).formatToParts(at(text)).map(({ type, value }) => [type, value]));
  void language;
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')} ${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`;
}

export const formatDay = (text: string, language: string, zone: Zone): string => formatMoment(text, language, zone).slice(0, 10);

/** Seconds to add to UTC in a zone at an instant: charts know UTC alone. */
export function offsetSeconds(instantMs: number, zone: Zone): number {
  const parts = new Map(
    format('en', zone, { ...DAY, ...TIME })
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const get = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return Math.round((shown - instantMs) / 1000);
}

/** The instant at which clocks of a zone show this time (`2026-11-30T09:30`). */
export function instantOf(local: string, zone: Zone): string {
  const shown = Date.parse(`${local}Z`);
  // The offset is that of the instant looked for, which the offset itself decides where clocks change.
  const near = shown - offsetSeconds(shown, zone) * 1000;
  return new Date(shown - offsetSeconds(near, zone) * 1000).toISOString();
}

/** 1 h 5 min, in words of the units alone. */
export function formatDuration(seconds: number, language: string): string {
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ['second', 1];
  const value = Math.round((seconds / size) * 10) / 10;
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 1 }).format(value);
}
