/** Sign in with email and password, or with an API key. */
import { useId, useState, type FormEvent } from 'react';

import { RequestFailed } from './graphql';
import type { Session } from './session';

type Way = 'password' | 'key';

export function SignInPanel({ session, onClose }: { session: Session; onClose: () => void }) {
  const [way, setWay] = useState<Way>('password');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const id = useId();

  const choose = (next: Way) => () => {
    setWay(next);
    setFailure(null);
  };

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const field = new FormData(event.currentTarget);
    const text = (name: string) => String(field.get(name) ?? '');
    setBusy(true);
    setFailure(null);
    try {
      if (way === 'password') await session.signIn(text('email').trim(), text('password'));
      else await session.adoptKey(text('key').trim());
    } catch (error) {
      setFailure(error instanceof RequestFailed ? error.message : 'Something went wrong in this page; its console says what.');
      if (!(error instanceof RequestFailed)) console.error(error);
      setBusy(false);
    }
  }

  return (
    <section className="panel" id="sign-in" aria-label="Sign in">
      <div className="panel-ways" role="tablist">
        <button type="button" role="tab" aria-selected={way === 'password'} onClick={choose('password')}>
          Email and password
        </button>
        <button type="button" role="tab" aria-selected={way === 'key'} onClick={choose('key')}>
          API key
        </button>
        <button type="button" className="panel-close" aria-label="Close" onClick={onClose}>
          &times;
        </button>
      </div>
      <form onSubmit={(event) => void submit(event)} aria-busy={busy} key={way}>
        {way === 'password' ? (
          <>
            <label htmlFor={`${id}-email`}>Email</label>
            <input id={`${id}-email`} name="email" type="email" autoComplete="username" required autoFocus />
            <label htmlFor={`${id}-password`}>Password</label>
            <input id={`${id}-password`} name="password" type="password" autoComplete="current-password" required />
          </>
        ) : (
          <>
            <label htmlFor={`${id}-key`}>API key</label>
            <input id={`${id}-key`} name="key" type="password" autoComplete="off" spellCheck={false} required autoFocus />
          </>
        )}
        {failure && (
          <p className="failure" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" className="button primary wide" disabled={busy}>
          {busy ? 'Signing in' : 'Sign in'}
        </button>
        <p className="hint">
          {way === 'password'
            ? 'On a fresh installation the first credentials are printed at start and kept in credentials.json in the data folder.'
            : 'Sent with every request as a bearer token. The mutation createApiKey makes one.'}
        </p>
        <p className="hint">Kept in this tab only, until you sign out or close it.</p>
      </form>
    </section>
  );
}
