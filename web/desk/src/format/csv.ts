/** Rows as a CSV file, with the numbers as the API sent them. */
const FORMULA = /^[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^-\d+(\.\d+)?$/;

export function toCsv<Row extends object>(fields: readonly (keyof Row & string)[], rows: readonly Row[]): string {
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : String(value);
    // A spreadsheet would run what begins like a formula.
    const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return [fields.join(','), ...rows.map((row) => fields.map((field) => cell(row[field])).join(','))].join('\r\n') + '\r\n';
}

export function saveCsv<Row extends object>(name: string, fields: readonly (keyof Row & string)[], rows: readonly Row[]): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`\ufeff${toCsv(fields, rows)}`], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
