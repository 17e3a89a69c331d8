/** What a part of the platform says about its state, as one of the desk's own sentences and the figures in it. */
const SECONDS = '(?<seconds>[\\d.]+) seconds?';

const SENTENCES: Record<string, string> = {
  silent: 'It does not answer',
  slow: 'It answers slowly',
  taskLate: `A task is ${SECONDS} late`,
  noWorker: 'No worker sends heartbeats',
  lateBeat: 'The last heartbeat is late',
  workers: '(?<count>\\d+) working',
  someSilent: '(?<count>\\d+) working, (?<silent>\\d+) silent',
  commandWaits: `A command has waited for ${SECONDS}`,
  unplayed: 'Nobody plays it',
  stuck: 'Its holder makes no progress',
  noEngine: 'No engine is connected to it',
  unanswered: `A request has been unanswered for ${SECONDS}`,
  booksDiffer: "Its books differ from the platform's in (?<count>\\d+) places",
  unproved: 'The books have not been proved yet',
  proofFailed: 'The newest proof of the books failed',
  provedAt: 'They were proved last at (?<at>[\\d-]+ [\\d:]+) UTC',
  full: '(?<percent>[\\d.]+) % full',
  lacks: 'The database lacks (?<names>.+?)',
  marketClosed: 'The market is closed',
  oldQuote: `The newest quote is ${SECONDS} old`,
  quoted: `(?<count>\\d+) quoted, the oldest quote is ${SECONDS} old`,
  quotedStale: `(?<count>\\d+) quoted, the oldest quote is ${SECONDS} old, (?<stale>\\d+) stale`,
  noMessages: 'Messages do not arrive; events are polled',
  lateMessages: 'Messages arrive late',
  unknown: 'Its state is unknown while the database does not answer',
};

const PATTERNS = Object.entries(SENTENCES).map(([key, text]) => [key, new RegExp(`^${text}\\.?$`)] as const);

interface Sentence {
  key: string;
  values: Record<string, string>;
}

/** The sentence that this is; null for one that the desk does not know, such as the trouble that a process tells of. */
export function sentenceOf(detail: string): Sentence | null {
  for (const [key, pattern] of PATTERNS) {
    const found = pattern.exec(detail);
    if (found) return { key, values: { ...found.groups } };
  }
  return null;
}
