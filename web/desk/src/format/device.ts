/** A program and its system as people call them, from what it says of itself; that as it is, shortened, when it is neither browser. */
const PROGRAMS: [RegExp, string][] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/(?:Chrome|HeadlessChrome|Chromium)\/(\d+)/, 'Chrome'],
  [/Version\/(\d+)[^ ]* (?:Mobile\/\S+ )?Safari/, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/Windows/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X/, 'macOS'],
  [/Linux|X11/, 'Linux'],
];
const LONGEST = 40;

export function deviceName(agent: string | null | undefined): string {
  if (!agent) return '';
  const program = PROGRAMS.find(([pattern]) => pattern.test(agent));
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent));
  if (!program) return agent.slice(0, LONGEST);
  const version = program[0].exec(agent)?.[1];
  return [`${program[1]} ${version}`, system?.[1]].filter(Boolean).join(', ');
}
