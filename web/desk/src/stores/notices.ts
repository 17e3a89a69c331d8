/** Short messages that come and go, sounds, and notifications of the browser. */
import 'element-plus/theme-chalk/el-notification.css';

import { useMediaQuery } from '@vueuse/core';
import { ElNotification } from 'element-plus/es/components/notification/index.mjs';
import { defineStore } from 'pinia';

import { toFailure } from '@/api/failure';
import { i18n } from '@/i18n';

import { usePreferences } from './preferences';

export type Tone = 'fill' | 'alarm' | 'refused';

const TONES: Record<Tone, [number, number][]> = {
  fill: [
    [660, 0],
    [880, 0.09],
  ],
  refused: [[220, 0]],
  alarm: [
    [880, 0],
    [620, 0.16],
    [880, 0.32],
  ],
};
const LENGTH_SECONDS = 0.12;
let audio: AudioContext | null = null;

function play(tone: Tone): void {
  audio ??= new AudioContext();
  // Browsers let pages sound only after somebody has touched them; before, silence is right.
  if (audio.state === 'suspended') void audio.resume();
  for (const [hertz, delay] of TONES[tone]) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + delay;
    oscillator.frequency.value = hertz;
    volume.gain.setValueAtTime(0.08, start);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_SECONDS);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + LENGTH_SECONDS);
  }
}

export const useNotices = defineStore('notices', () => {
  const preferences = usePreferences();
  // On a phone what is pressed is at the bottom: a notice there would lie on it.
  const isNarrow = useMediaQuery('(max-width: 820px)');

  function show(type: 'success' | 'warning' | 'error' | 'info', title: string, message = ''): void {
    ElNotification({ type, title, message, position: isNarrow.value ? 'top-right' : 'bottom-right', duration: type === 'error' ? 9_000 : 4_500, offset: 8 });
  }

  function sound(tone: Tone): void {
    if (preferences.values.sound) play(tone);
  }

  /** Of the browser, when the page is not looked at. Two tabs tell of one event, which its tag names, once. */
  function notify(title: string, body: string, tag: string): void {
    if (!preferences.values.notifications || document.visibilityState === 'visible') return;
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    new Notification(title, { body, tag, icon: '/favicon.svg' });
  }

  /** Tell what went wrong with something that has no place of its own on the page. */
  function failed(error: unknown): void {
    const failure = toFailure(error);
    const { t, te } = i18n.global as unknown as { t(key: string, named?: object): string; te(key: string): boolean };
    const key = failure.reason && te(`words.reject.${failure.reason}`) ? `words.reject.${failure.reason}` : `failure.${failure.code}`;
    show('error', te(key) ? t(key, { seconds: failure.retryAfterSeconds ?? 60 }) : t('failure.other'), failure.message);
    sound('refused');
  }

  return { show, sound, notify, failed };
});
