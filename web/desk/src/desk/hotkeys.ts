/**
 * Keys that act: one table of actions and their keys, the person's own keys over it.
 *
 * Promises: nothing acts while somebody types in a field or answers a dialog; what the page on top offers comes first.
 */
import { onScopeDispose } from 'vue';

import { usePreferences } from '@/stores/preferences';

export const ACTIONS = {
  help: '?',
  symbol: '/',
  buy: 'b',
  sell: 's',
  nextSymbol: 'j',
  previousSymbol: 'k',
  cancelAll: 'x',
  closeAll: 'Shift+X',
  undo: 'u',
  fullScreen: 'f',
  oneClick: 'o',
  goDesk: 'Alt+1',
  goOrders: 'Alt+2',
  goAccount: 'Alt+3',
  goRisk: 'Alt+4',
} as const;

export type Action = keyof typeof ACTIONS;

const handlers = new Map<Action, (() => void)[]>();
let isListening = false;

/** A key event as it is written in the table: `b`, `?`, `Shift+X`, `Alt+1`. */
export function keyOf(event: Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>): string {
  // With Alt some keyboards make other characters of digits and letters.
  const plain = event.altKey && /^(Digit|Key)/.test(event.code) ? event.code.replace(/^(Digit|Key)/, '').toLowerCase() : event.key;
  const isLetter = /^[a-z]$/i.test(plain);
  const key = isLetter ? (event.shiftKey ? plain.toUpperCase() : plain.toLowerCase()) : plain;
  const parts = [event.ctrlKey && 'Ctrl', event.metaKey && 'Meta', event.altKey && 'Alt', event.shiftKey && isLetter && 'Shift', key];
  return parts.filter(Boolean).join('+');
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.closest('dialog, [role=menu], [role=listbox]') !== null;
}

export function bindings(own: Record<string, string>): Record<Action, string> {
  return { ...ACTIONS, ...own };
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  const preferences = usePreferences();
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.repeat || isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const pressed = keyOf(event);
    const found = Object.entries(bindings(preferences.values.hotkeys)).find(([, key]) => key === pressed);
    const act = found && handlers.get(found[0] as Action)?.at(-1);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Offer actions for as long as the component lives. */
export function useHotkeys(offered: Partial<Record<Action, () => void>>): void {
  listen();
  const entries = Object.entries(offered) as [Action, () => void][];
  for (const [action, act] of entries) handlers.set(action, [...(handlers.get(action) ?? []), act]);
  onScopeDispose(() => {
    for (const [action, act] of entries) handlers.set(action, (handlers.get(action) ?? []).filter((each) => each !== act));
  });
}
