import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildSchema, isEnumType } from 'graphql';
import { expect, test } from 'vitest';

import en from '@/i18n/en';
import zh from '@/i18n/zh';
import { KINDS } from '@/pages/surveillance/words';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.startsWith('gql') && !path.startsWith('i18n'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n');

function paths(tree: object, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [`${prefix}${key}`] : paths(value as object, `${prefix}${key}.`)));
}

const KEYS = new Set(paths(en));

test('both languages have the same words, and none is empty', () => {
  expect(paths(zh)).toEqual(paths(en));
  const texts = (tree: object): string[] => Object.values(tree).flatMap((value) => (typeof value === 'string' ? [value] : texts(value as object)));
  expect([...texts(en), ...texts(zh)].filter((text) => !text.trim())).toEqual([]);
});

test('both languages name the same values in a sentence', () => {
  const at = (tree: unknown, path: string): string => path.split('.').reduce((found, key) => (found as Record<string, unknown>)[key], tree) as string;
  const values = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();
  for (const key of KEYS) expect([key, values(at(zh, key))]).toEqual([key, values(at(en, key))]);
});

test('every word that a page asks for is there', () => {
  const asked = [...SOURCES.matchAll(/\bt\(\s*'([a-zA-Z]+(?:\.[a-zA-Z0-9_-]+)+)'/g)].map(([, key]) => key!);
  expect(asked.length).toBeGreaterThan(300);
  expect([...new Set(asked)].filter((key) => !KEYS.has(key))).toEqual([]);
});

test('no page shows a text that has no translation, nor markup from a string', () => {
  expect(SOURCES).not.toMatch(/v-html|innerHTML/);
});

const ENUMS: [keyof typeof en.words, string][] = [
  ['role', 'Role'],
  ['side', 'Side'],
  ['positionSide', 'PositionSide'],
  ['type', 'OrderType'],
  ['timeInForce', 'TimeInForce'],
  ['trigger', 'TriggerPrice'],
  ['offset', 'OffsetKind'],
  ['status', 'OrderStatus'],
  ['pending', 'PendingAction'],
  ['event', 'OrderEventKind'],
  ['liquidity', 'Liquidity'],
  ['interval', 'BarInterval'],
  ['accountState', 'AccountState'],
  ['accountKind', 'AccountKind'],
  ['positionMode', 'PositionMode'],
  ['permission', 'AccountPermission'],
  ['scope', 'RiskScope'],
  ['topic', 'NotificationTopic'],
  ['language', 'NotificationLanguage'],
  ['severity', 'Severity'],
  ['eventState', 'RiskEventState'],
  ['riskAction', 'RiskAction'],
  ['rule', 'RiskRuleKind'],
  ['reject', 'RejectReason'],
  ['transaction', 'TransactionKind'],
  ['house', 'HouseAccount'],
  ['anomaly', 'AnomalyKind'],
  ['caseStatus', 'AnomalyCaseStatus'],
  ['disposition', 'AnomalyDisposition'],
  ['caseEvent', 'AnomalyCaseEventKind'],
  ['caseSeries', 'AnomalyCaseSeriesKind'],
  ['run', 'TaskRunState'],
  ['cause', 'TaskRunCause'],
  ['component', 'ComponentState'],
];

test('every kind of anomaly can be chosen', () => {
  const type = buildSchema(readFileSync('../../schema.graphql', 'utf8')).getType('AnomalyKind');
  expect([...KINDS].sort()).toEqual(isEnumType(type) ? type.getValues().map(({ name }) => name).sort() : []);
});

test('every kind of event of risk has a word', () => {
  const type = buildSchema(readFileSync('../../schema.graphql', 'utf8')).getType('RiskEventKind');
  const kinds = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
  expect(kinds.length).toBeGreaterThan(40);
  expect(kinds.filter((kind) => !(kind in en.words.rule || kind in en.words.anomaly || kind in en.operations.act))).toEqual([]);
  expect(KINDS.filter((kind) => !(kind in en.operations.detector))).toEqual([]);
});

test.each(ENUMS)('each %s that the API can say has a word', (kind, name) => {
  const type = buildSchema(readFileSync('../../schema.graphql', 'utf8')).getType(name);
  const values = isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  expect(values.length).toBeGreaterThan(0);
  expect(values.filter((value) => !(value in en.words[kind]))).toEqual([]);
});
