/** Cells that are more than text: buttons that act on their row, tags. Made of elements, never of markup in a string. */
import type { ICellRendererParams } from './grid';

export interface CellAction<Row> {
  key: string;
  text: (row: Row) => string;
  /** What a screen reader says: which row it is about. */
  label: (row: Row) => string;
  show?: (row: Row) => boolean;
  danger?: boolean;
  act: (row: Row) => void;
}

export function actionCell<Row>(actions: CellAction<Row>[]): (params: ICellRendererParams<Row>) => HTMLElement {
  return ({ data }) => {
    const cell = document.createElement('div');
    cell.className = 'cell-actions';
    if (!data) return cell;
    for (const action of actions) {
      if (action.show && !action.show(data)) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `button small${action.danger ? ' danger' : ''}`;
      button.textContent = action.text(data);
      button.setAttribute('aria-label', action.label(data));
      button.dataset.action = action.key;
      button.addEventListener('click', (event) => {
        event.stopPropagation();
        action.act(data);
      });
      cell.append(button);
    }
    return cell;
  };
}

export function tagCell<Row>(text: (row: Row) => string, tone: (row: Row) => string): (params: ICellRendererParams<Row>) => HTMLElement {
  return ({ data }) => {
    const cell = document.createElement('span');
    if (!data) return cell;
    cell.className = `tag ${tone(data)}`;
    cell.textContent = text(data);
    return cell;
  };
}

const TONES: Record<string, string> = { FILLED: 'good', PARTIALLY_FILLED: 'info', NEW: 'info', PENDING_NEW: '', HELD: '', REJECTED: 'bad', CANCELED: '', EXPIRED: 'warn' };
export const statusTone = (status: string): string => TONES[status] ?? '';
