/**
 * `v-stacked` on a table: on a phone its rows are cards (styles/blocks.css), in which each cell stands under the heading of its column.
 *
 * The style takes the table apart, so each part says what it is; screen readers read a table all the same.
 */
import type { Directive } from 'vue';

const ROLES: Record<string, string> = { TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TR: 'row', TH: 'columnheader', TD: 'cell' };

function mark(table: HTMLTableElement): void {
  const headings = [...table.querySelectorAll('thead th')].map(({ textContent }) => textContent.trim());
  for (const part of [table, ...table.querySelectorAll('thead, tbody, tr, th, td')]) {
    if (!part.hasAttribute('role')) part.setAttribute('role', ROLES[part.tagName] ?? 'none');
  }
  for (const row of table.querySelectorAll('tbody tr')) {
    for (const [index, cell] of [...row.children].entries()) {
      const heading = headings[index] ?? '';
      if (cell.getAttribute('data-label') !== heading) cell.setAttribute('data-label', heading);
    }
  }
}

export const stacked: Directive<HTMLTableElement> = { mounted: mark, updated: mark };
