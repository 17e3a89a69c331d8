/** What the API refused of a row's buttons and switches, kept by row until the row is tried again: it is told in the row. */
import { shallowReactive } from 'vue';

import { toFailure } from '@/api/failure';
import { useNotices } from '@/stores/notices';

import { useRefusalWords } from './useRefusal';

export function useRowTroubles() {
  const troubles = shallowReactive(new Map<string, string>());
  const notices = useNotices();
  const { sentenceOf } = useRefusalWords();

  /** True when it was done. */
  async function attempt(row: string, act: () => Promise<unknown>): Promise<boolean> {
    troubles.delete(row);
    try {
      await act();
      return true;
    } catch (error) {
      troubles.set(row, sentenceOf(toFailure(error)));
      notices.sound('refused');
      return false;
    }
  }

  return { troubles, attempt };
}
