/** A refusal in the person's words, and where it belongs on a form: at its field where the form has it, else below. */
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue';
import { useI18n } from 'vue-i18n';

import type { Failure } from '@/api/failure';
import { inLanguage } from '@/i18n';

interface Words {
  /** What kind of refusal it is. */
  headlineOf(failure: Failure): string;
  /** What the API says of it; where that has no translation, the kind of refusal and then the API's sentence. */
  sentenceOf(failure: Failure): string;
}

export function useRefusalWords(): Words {
  const { t, te } = useI18n();

  function headlineOf(failure: Failure): string {
    if (failure.reason && te(`words.reject.${failure.reason}`)) return t(`words.reject.${failure.reason}`);
    const key = `failure.${failure.code}`;
    return te(key) ? t(key, { seconds: failure.retryAfterSeconds ?? 60 }) : t('failure.other');
  }

  return {
    headlineOf,
    sentenceOf: (failure) => (['NETWORK', 'INTERNAL_SERVER_ERROR'].includes(failure.code) ? headlineOf(failure) : (inLanguage(failure.message) ?? `${headlineOf(failure)} ${failure.message}`)),
  };
}

export interface Refusal {
  /** What is wrong with a field; empty when nothing is. */
  errorOf(field: string): string;
  /** What belongs to no field of the form. */
  general: ComputedRef<Failure | null>;
}

/** The refusal of a form that has these fields, as the API names them. */
export function useRefusal(failure: MaybeRefOrGetter<Failure | null>, fields: MaybeRefOrGetter<readonly string[]>): Refusal {
  const { sentenceOf } = useRefusalWords();
  return {
    errorOf(field) {
      const now = toValue(failure);
      return now?.field === field && toValue(fields).includes(field) ? sentenceOf(now) : '';
    },
    general: computed(() => {
      const now = toValue(failure);
      return now && !toValue(fields).includes(now.field ?? '') ? now : null;
    }),
  };
}
