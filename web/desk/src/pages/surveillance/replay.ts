/** The range of a replay: so many days up to a moment. */
const DAY_MS = 86_400_000;

export function replayRange(now: Date, days: number): { from: string; to: string } {
  return { from: new Date(now.getTime() - days * DAY_MS).toISOString(), to: now.toISOString() };
}
