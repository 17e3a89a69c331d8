import { expect, test } from 'vitest';

import { stacked } from '@/components/stacked';
import en from '@/i18n/en';
import { sentenceOf } from '@/pages/system/details';

test.each([
  ['The market is closed.', 'marketClosed', {}],
  ['2 working, 1 silent.', 'someSilent', { count: '2', silent: '1' }],
  ['3 quoted, the oldest quote is 0 seconds old.', 'quoted', { count: '3', seconds: '0' }],
  ['3 quoted, the oldest quote is 90 seconds old, 2 stale.', 'quotedStale', { count: '3', seconds: '90', stale: '2' }],
  ["Its books differ from the platform's in 4 places.", 'booksDiffer', { count: '4' }],
  ['They were proved last at 2026-11-30 13:00:01 UTC.', 'provedAt', { at: '2026-11-30 13:00:01' }],
  ['47.6 % full', 'full', { percent: '47.6' }],
  ['The database lacks 0004_more, 0005_most.', 'lacks', { names: '0004_more, 0005_most' }],
])('%s is a sentence of the desk', (detail, key, values) => {
  expect(sentenceOf(detail)).toEqual({ key, values });
  const text = en.operations.detail[key as keyof typeof en.operations.detail];
  expect([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()).toEqual(Object.keys(values).sort());
});

test('what a process tells of its own trouble stays as it is', () => {
  expect(sentenceOf('The folder /data cannot be written. Is it full?')).toBeNull();
});

test('cells of a table know the heading of their column, also when it changes, and stay cells', () => {
  document.body.innerHTML = '<table><thead><tr><th>Time</th><th>Price</th></tr></thead><tbody><tr><td>12:00</td><td>5</td></tr></tbody></table>';
  const table = document.querySelector('table')!;
  const { mounted, updated } = stacked as { mounted: (table: HTMLTableElement) => void; updated: (table: HTMLTableElement) => void };
  mounted(table);
  const labels = (): (string | undefined)[] => [...table.querySelectorAll('td')].map(({ dataset }) => dataset.label);
  expect(labels()).toEqual(['Time', 'Price']);
  expect([...table.querySelectorAll('[role]')].map((part) => part.getAttribute('role'))).toEqual(['rowgroup', 'row', 'columnheader', 'columnheader', 'rowgroup', 'row', 'cell', 'cell']);
  table.querySelectorAll('th')[1]!.textContent = '价格';
  updated(table);
  expect(labels()).toEqual(['Time', '价格']);
});
