import { beforeEach, describe, expect, test, vi } from 'vitest';

const answers: object[] = [];
const paths: string[] = [];
vi.stubGlobal('fetch', async (path: string) => {
  paths.push(path);
  return new Response(JSON.stringify(answers.shift() ?? { user: null }));
});
const { session } = await import('@/api/session');

const user = (id: string): object => ({ id, email: `${id}@example.com`, name: id, role: 'TRADER' });
const answer = (id: string, token: string): object => ({ accessToken: token, expiresAt: '2026-01-01T00:15:00Z', serverTime: '2026-01-01T00:00:00Z', user: user(id) });

describe('the session of this tab', () => {
  const heard: string[] = [];
  beforeEach(async () => {
    session.listen({ begun: ({ id }) => heard.push(`begun ${id}`), clock: () => undefined, renewed: () => heard.push('renewed'), ended: (reason) => heard.push(reason) });
    answers.length = 0;
    answers.push(answer('ann', 'one'));
    await session.signIn('ann@example.com', 'secret');
    heard.length = 0;
  });

  test('a new token of the same person is told as such', async () => {
    answers.push(answer('ann', 'two'));
    await session.refused();
    expect(heard).toEqual(['renewed']);
    expect(await session.authorization()).toBe('Bearer two');
  });

  test('whoever signed in in another tab begins here too, with nothing under the name of the last one', async () => {
    answers.push(answer('bob', 'three'));
    await session.refused();
    expect(heard).toEqual(['begun bob']);
  });

  test('an answer that comes after signing out opens nothing', async () => {
    answers.push(answer('ann', 'four'));
    const renewing = session.refused();
    await session.signOut();
    await renewing;
    expect(heard).toEqual(['signed-out']);
    expect(session.isOpen).toBe(false);
  });
});
