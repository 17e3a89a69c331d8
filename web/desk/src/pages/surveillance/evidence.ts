/** What detectors leave as evidence is free-form: numbers by name become facts, lists of numbers become charts. */
export interface Evidence {
  facts: [string, string][];
  series: { name: string; values: number[] }[];
  tables: { name: string; columns: string[]; rows: string[][] }[];
}

const isNumber = (value: unknown): boolean => typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)));
const asText = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));
const MOST_ROWS = 50;

export function readEvidence(evidence: unknown): Evidence {
  const found: Evidence = { facts: [], series: [], tables: [] };
  if (typeof evidence !== 'object' || evidence === null) return found;
  for (const [name, value] of Object.entries(evidence)) {
    if (Array.isArray(value) && value.length > 1 && value.every(isNumber)) found.series.push({ name, values: value.map(Number) });
    else if (Array.isArray(value) && value.length && value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))) {
      const columns = [...new Set(value.flatMap((each: object) => Object.keys(each)))];
      found.tables.push({ name, columns, rows: value.slice(0, MOST_ROWS).map((each: Record<string, unknown>) => columns.map((column) => asText(each[column]))) });
    } else found.facts.push([name, asText(value)]);
  }
  return found;
}
