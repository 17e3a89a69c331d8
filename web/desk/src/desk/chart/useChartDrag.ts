/** Moving orders by their lines on the chart, taking a price from it into the ticket, and asking what to do at a price. */
import { onBeforeUnmount, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';

import type { Panel } from '@/desk/usePanel';
import { roundToStep } from '@/format/numbers';
import type { Book } from '@/stores/books';
import type { Instrument } from '@/stores/market';
import { useNotices } from '@/stores/notices';
import { useOrderEntry, useTicket } from '@/stores/orderEntry';
import { usePerson } from '@/stores/person';

import type { ChartLine, Drawing } from './drawing';

interface Surroundings {
  host: Readonly<Ref<HTMLElement | null>>;
  drawing: ShallowRef<Drawing | null>;
  instrument: ComputedRef<Instrument | undefined>;
  book: ShallowRef<Book | null>;
  panel: Panel;
  /** Somebody asked what can be done at a price, at this place of the page. */
  asked(price: string, line: ChartLine | null, place: { x: number; y: number }): void;
}

export function useChartDrag({ host, drawing, instrument, book, panel, asked }: Surroundings): void {
  const entry = useOrderEntry();
  const notices = useNotices();
  const person = usePerson();
  let held: ChartLine | null = null;

  const heightIn = (event: PointerEvent | MouseEvent): number => event.clientY - (host.value?.getBoundingClientRect().top ?? 0);

  function priceAt(event: PointerEvent | MouseEvent): string | null {
    const price = drawing.value?.priceAt(heightIn(event));
    const tick = instrument.value?.tickSize;
    return price === null || price === undefined || !tick ? null : roundToStep(price.toFixed(instrument.value?.priceDecimals ?? 2), tick);
  }

  function down(event: PointerEvent): void {
    if (event.button !== 0 || !person.mayTrade) return;
    held = drawing.value?.lineAt(heightIn(event)) ?? null;
    if (!held) return;
    event.preventDefault();
    event.stopPropagation();
    drawing.value?.hold(true);
    host.value?.setPointerCapture(event.pointerId);
  }

  function move(event: PointerEvent): void {
    const chart = drawing.value;
    if (!chart || !host.value) return;
    if (!held) {
      host.value.style.cursor = person.mayTrade && chart.lineAt(heightIn(event)) ? 'ns-resize' : '';
      return;
    }
    event.stopPropagation();
    const price = priceAt(event);
    if (price) chart.preview(held.id, Number(price));
  }

  async function up(event: PointerEvent): Promise<void> {
    if (!held) return;
    const line = held;
    held = null;
    drawing.value?.hold(false);
    const price = priceAt(event);
    const [orderId = '', field = ''] = line.id.split(' ');
    const order = book.value?.orders.get(orderId);
    if (!price || !order || price === line.price) return drawing.value?.preview(line.id, Number(line.price));
    try {
      await entry.modify(panel.accountId.value, order, { [field]: price });
    } catch (error) {
      drawing.value?.preview(line.id, Number(line.price));
      notices.failed(error);
    }
  }

  /** A double click takes the price into the ticket; with Shift as a stop. */
  function take(event: MouseEvent): void {
    const price = priceAt(event);
    if (!price || !panel.symbol.value) return;
    const { draft } = useTicket(panel.key.value);
    if (event.shiftKey) draft.stopPrice = price;
    else draft.limitPrice = price;
  }

  function ask(event: MouseEvent): void {
    const price = priceAt(event);
    if (!price || !person.mayReduce) return;
    event.preventDefault();
    asked(price, drawing.value?.lineAt(heightIn(event)) ?? null, { x: event.clientX, y: event.clientY });
  }

  const options = { capture: true };
  watch(
    host,
    (element, before) => {
      before?.removeEventListener('pointerdown', down, options);
      if (!element) return;
      // Before the chart's own listeners, which would scroll.
      element.addEventListener('pointerdown', down, options);
      element.addEventListener('pointermove', move, options);
      element.addEventListener('pointerup', (event) => void up(event), options);
      element.addEventListener('dblclick', take);
      element.addEventListener('contextmenu', ask);
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    held = null;
  });
}
