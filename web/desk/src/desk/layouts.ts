/** What the workspace looks like until somebody moves it, and where saved layouts are kept. */
import type { DockviewApi } from 'dockview-vue';

import type { Colour } from '@/stores/links';

export const PANELS = ['watch', 'chart', 'ticket', 'ladder', 'orders', 'positions', 'executions', 'accounts'] as const;
export type PanelKind = (typeof PANELS)[number];
export const PRESETS = ['trader', 'charts', 'watcher', 'risk'] as const;
export type Preset = (typeof PRESETS)[number];

type Title = (kind: PanelKind) => string;

interface Place {
  id: string;
  kind: PanelKind;
  beside?: string;
  direction?: 'left' | 'right' | 'above' | 'below' | 'within';
  width?: number;
  height?: number;
  link?: Colour;
}

const WIDE = 1700;

function places(preset: Preset, width: number): Place[] {
  const chart: Place = { id: 'chart', kind: 'chart' };
  const watch: Place = { id: 'watch', kind: 'watch', beside: 'chart', direction: 'left', width: 412 };
  // Without a neighbour a panel takes a whole edge of the workspace.
  const ticket: Place = { id: 'ticket', kind: 'ticket', direction: 'right', width: 300 };
  const orders: Place = { id: 'orders', kind: 'orders', direction: 'below', height: 250 };
  const tabs = (beside: string): Place[] => [
    { id: 'positions', kind: 'positions', beside, direction: 'within' },
    { id: 'executions', kind: 'executions', beside, direction: 'within' },
    { id: 'accounts', kind: 'accounts', beside, direction: 'within' },
  ];
  switch (preset) {
    case 'charts':
      return [
        chart,
        { id: 'chart-2', kind: 'chart', beside: 'chart', direction: 'right', link: 'orange' },
        { id: 'chart-3', kind: 'chart', beside: 'chart', direction: 'below', link: 'green' },
        { id: 'chart-4', kind: 'chart', beside: 'chart-2', direction: 'below', link: 'purple' },
        // On the whole left edge, so that the charts are of one size.
        { id: 'watch', kind: 'watch', direction: 'left', width: 400 },
      ];
    case 'watcher':
      return [chart, watch, { id: 'accounts', kind: 'accounts', beside: 'chart', direction: 'below', height: 220 }, { id: 'positions', kind: 'positions', beside: 'accounts', direction: 'within' }, { id: 'orders', kind: 'orders', beside: 'accounts', direction: 'within' }];
    case 'risk':
      return [
        { id: 'accounts', kind: 'accounts' },
        { id: 'chart', kind: 'chart', beside: 'accounts', direction: 'right' },
        { id: 'positions', kind: 'positions', beside: 'accounts', direction: 'below' },
        { id: 'orders', kind: 'orders', beside: 'chart', direction: 'below' },
        { id: 'executions', kind: 'executions', beside: 'orders', direction: 'within' },
      ];
    default:
      return [
        chart,
        watch,
        orders,
        ...tabs('orders'),
        ticket,
        // Beside the ticket where there is room, else behind it.
        width >= WIDE ? { id: 'ladder', kind: 'ladder', beside: 'ticket', direction: 'left', width: 260 } : { id: 'ladder', kind: 'ladder', beside: 'ticket', direction: 'within' },
      ];
  }
}

export function arrange(api: DockviewApi, preset: Preset, title: Title, width: number): void {
  api.clear();
  for (const place of places(preset, width)) {
    const direction = place.direction ?? 'right';
    const position = place.beside ? { referencePanel: place.beside, direction } : place.direction ? { direction: place.direction as 'left' | 'right' | 'below' } : undefined;
    const size = { initialWidth: place.width, initialHeight: place.height };
    api.addPanel({ id: place.id, component: place.kind, title: title(place.kind), position, ...size, inactive: place.direction === 'within', params: { link: place.link ?? 'blue' } });
  }
  // Each panel that came later took room from those before it.
  for (const { id, width: wide, height } of places(preset, width)) {
    if (wide || height) api.getPanel(id)?.group.api.setSize({ width: wide, height });
  }
}

/** Add one more panel of a kind, where the eye is. */
export function addPanel(api: DockviewApi, kind: PanelKind, title: string): void {
  const taken = new Set(api.panels.map(({ id }) => id));
  let id: string = kind;
  for (let count = 2; taken.has(id); count += 1) id = `${kind}-${count}`;
  const active = api.activePanel;
  // Of the colour of the panel beside which it comes.
  const link = active?.params?.link ?? 'blue';
  api.addPanel({ id, component: kind, title, position: active ? { referencePanel: active, direction: kind === 'chart' ? 'right' : 'within' } : undefined, params: { link } });
}

/** Whether something that was saved looks like a layout whose panels exist. */
export function isLayout(saved: unknown): boolean {
  if (typeof saved !== 'object' || saved === null || !('panels' in saved) || !('grid' in saved)) return false;
  const { panels } = saved;
  if (typeof panels !== 'object' || panels === null) return false;
  return Object.values(panels as Record<string, { contentComponent?: string }>).every(({ contentComponent }) => PANELS.includes(contentComponent as PanelKind));
}
