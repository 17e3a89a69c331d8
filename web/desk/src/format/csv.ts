const FORMULA = /^[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
// Grouped in any language, or a share.
const NUMBER = /^[-+]\d[\d.,\u00a0\u202f]*( ?%)?$/;

/** A text that a spreadsheet does not run: what begins like a formula has an apostrophe before it. */
export function spreadsheetText(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** Rows as a CSV file, with the numbers as the API sent them. */
export function toCsv<Row extends object>(fields: readonly (keyof Row & string)[], rows: readonly Row[]): string {
  const cell = (value: unknown): string => {
    const safe = spreadsheetText(value);
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return [fields.join(','), ...rows.map((row) => fields.map((field) => cell(row[field])).join(','))].join('\r\n') + '\r\n';
}

export function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

export function saveCsv<Row extends object>(name: string, fields: readonly (keyof Row & string)[], rows: readonly Row[]): void {
  saveFile(name, new Blob([`\ufeff${toCsv(fields, rows)}`], { type: 'text/csv' }));
}
