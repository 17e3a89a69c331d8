/** The words of the desk, in the language that the person chose; one language is loaded at a time. */
import { createI18n } from 'vue-i18n';

import type { Language } from '@/stores/preferences';

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: false,
  messages: {} as Record<string, Record<string, never>>,
  // A key that is missing is a fault of ours; the tests look for them.
  missingWarn: import.meta.env.DEV,
});

const loaded = new Set<Language>();
let toChinese: (message: string) => string | null = () => null;

export async function speak(language: Language): Promise<void> {
  if (!loaded.has(language)) {
    if (language === 'zh') toChinese = (await import('./zh/refusals')).translate;
    const { default: messages } = language === 'zh' ? await import('./zh') : await import('./en');
    i18n.global.setLocaleMessage(language, messages as never);
    loaded.add(language);
  }
  i18n.global.locale.value = language;
}

/** A sentence of the API in the language that is spoken; nothing when it has none there. */
export const inLanguage = (message: string): string | null => ((i18n.global.locale.value as Language) === 'zh' ? toChinese(message) : message);
