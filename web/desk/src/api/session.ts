/**
 * Who is signed in, and the access token that proves it.
 *
 * Promises: the access token lives in this module's memory, the refresh token in a cookie that no script can read; a token
 * is renewed well before it expires, by one tab at a time where the browser has locks; whoever listens hears of each new
 * token, so that sockets can be replaced before the old one stops working, and of another person, whoever signed in where.
 */
import { fromCoded, networkFailure, RequestFailed } from './failure';

export interface Person {
  id: string;
  email: string;
  name: string;
  role: 'VIEWER' | 'TRADER' | 'RISK_MANAGER' | 'ADMIN';
}

interface Answer {
  accessToken: string;
  expiresAt: string;
  serverTime: string;
  user: Person;
}

interface Nobody {
  user: null;
}

interface Held {
  token: string;
  /** This browser's clock, in milliseconds. */
  deadline: number;
}

export interface SessionListener {
  begun(person: Person): void;
  /** How far this computer's clock is ahead of the server's, each time that the server tells its own. */
  clock(aheadMs: number): void;
  renewed(): void;
  ended(reason: 'signed-out' | 'expired'): void;
}

// The server hands the same token out again until four minutes before its end.
const RENEW_BEFORE_MS = 200_000;
const REQUEST_EARLY_MS = 5_000;
const RETRY_MS = 4_000;
const ANSWER_MS = 30_000;
const LOCK = 'tradegraph:session';
const LOCK_MS = 10_000;
const CHANNEL = 'tradegraph:session';

let held: Held | null = null;
/** Whom `held` is of. */
let holder: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<boolean> | null = null;
let listener: SessionListener | null = null;
const channel = new BroadcastChannel(CHANNEL);

async function post(path: string, body: object): Promise<Answer | Nobody> {
  let response: Response;
  try {
    response = await fetch(`/session/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      keepalive: path === 'logout',
      // A line that died without a word would keep every request waiting that needs a token.
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    throw new RequestFailed(networkFailure(String(error)));
  }
  const content = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null;
  if (content?.errors?.[0]) throw new RequestFailed(fromCoded(content.errors[0]));
  if (!content) throw new RequestFailed(networkFailure(`${response.status}`));
  return content as unknown as Answer;
}

/** Keep what the server answered; false when nobody is signed in. */
function keep(answer: Answer | Nobody): answer is Answer {
  if (!answer.user) return false;
  // A lifetime rather than a moment: this computer's clock may be wrong.
  const lifetime = Date.parse(answer.expiresAt) - Date.parse(answer.serverTime);
  held = { token: answer.accessToken, deadline: Date.now() + lifetime };
  listener?.clock(Date.now() - Date.parse(answer.serverTime));
  schedule();
  return true;
}

function schedule(delay?: number): void {
  clearTimeout(timer);
  if (!held) return;
  const wait = delay ?? held.deadline - Date.now() - RENEW_BEFORE_MS;
  timer = setTimeout(() => void renew(), Math.max(wait, 1_000));
}

function end(reason: 'signed-out' | 'expired'): void {
  if (!held) return;
  held = null;
  clearTimeout(timer);
  listener?.ended(reason);
}

/** Browsers have locks on HTTPS and localhost alone; elsewhere chance keeps tabs apart, and the server forgives the rest. */
async function alone<T>(act: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return act();
  let hasBegun = false;
  const begin = (): Promise<T> => {
    hasBegun = true;
    return act();
  };
  // A tab whose request hangs must not keep the others out.
  return navigator.locks.request(LOCK, { signal: AbortSignal.timeout(LOCK_MS) }, begin).catch((error: unknown) => {
    if (hasBegun) throw error;
    return act();
  });
}

function begin(answer: Answer): void {
  holder = answer.user.id;
  listener?.begun(answer.user);
}

async function exchange(): Promise<boolean> {
  try {
    const before = held?.token;
    const answer = await alone(() => post('resume', {}));
    // Signed out meanwhile: what was asked for before is not to open it again.
    if (!held) return false;
    if (!keep(answer)) {
      end('expired');
      return false;
    }
    // Another tab has signed somebody else in: the cookies are theirs now.
    if (answer.user.id !== holder) begin(answer);
    else if (held?.token !== before) listener?.renewed();
    return true;
  } catch (error) {
    if (error instanceof RequestFailed && error.failure.code === 'UNAUTHENTICATED') end('expired');
    else schedule(RETRY_MS);
    return false;
  }
}

function renew(): Promise<boolean> {
  renewing ??= exchange().finally(() => {
    renewing = null;
  });
  return renewing;
}

channel.onmessage = ({ data }: MessageEvent<string>) => {
  if (data === 'signed-out') end('signed-out');
  else if (data === 'signed-in' && held) void renew();
};
// A computer that slept has missed its timer.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') schedule();
});

export const session = {
  listen(to: SessionListener): void {
    listener = to;
  },
  /** Go on with the session of the cookies, if there is one. False: nobody is signed in. */
  async resume(): Promise<boolean> {
    try {
      const answer = await alone(() => post('resume', {}));
      if (!keep(answer)) return false;
      begin(answer);
      return true;
    } catch (error) {
      if (error instanceof RequestFailed && error.failure.code === 'UNAUTHENTICATED') return false;
      throw error;
    }
  },
  /** `code` of an authenticator app, or a recovery code, of whoever needs one: without it the failure's reason is CODE_REQUIRED. */
  async signIn(email: string, password: string, code?: string): Promise<void> {
    // Alone, so that no answer to an older question puts the cookies of the one before back.
    const answer = await alone(() => post('login', { email, password, code: code ?? null }));
    if (!keep(answer)) return;
    begin(answer);
    channel.postMessage('signed-in');
  },
  async signOut(): Promise<void> {
    channel.postMessage('signed-out');
    end('signed-out');
    // The session is gone from this tab whatever the server says; telling it ends the cookies too. It is told at once, also
    // when the page is left in this moment; a sign-in waits for the answer, which must not take the new cookies away.
    const told = post('logout', {}).catch(() => undefined);
    await alone(() => told);
  },
  /** The value of the Authorization header, renewed if it is about to expire; null when signed out. */
  async authorization(): Promise<string | null> {
    if (held && held.deadline - Date.now() < REQUEST_EARLY_MS) await renew();
    return held && `Bearer ${held.token}`;
  },
  /** The server refused the token: get a new one or end the session. */
  async refused(): Promise<void> {
    if (held) held.deadline = 0;
    await renew();
  },
  get isOpen(): boolean {
    return held !== null;
  },
};
