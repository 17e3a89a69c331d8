/** Who is signed in, until when, and the way in and out. */
import { useEffect, useState } from 'react';

import type { Credential, Session } from './session';
import { SignInPanel } from './SignInPanel';

interface Props {
  session: Session;
  credential: Credential | null;
  notice: string | null;
}

const SOON_MS = 2 * 60_000;

export function SessionBar({ session, credential, notice }: Props) {
  const [open, setOpen] = useState(credential === null);

  useEffect(() => {
    setOpen(credential === null);
  }, [credential === null]);

  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, [open]);

  return (
    <header className="bar">
      <div className="bar-brand">
        <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="24" height="24" />
        <strong>Tradegraph</strong>
        <span>explorer</span>
      </div>
      <div className="bar-session">
        {credential ? (
          <SignedIn credential={credential} onSignOut={() => void session.signOut()} />
        ) : (
          <>
            <span className="state" role="status">
              <i className="dot" data-state="out" />
              {notice ?? 'Signed out'}
            </span>
            <button type="button" className="button primary" aria-expanded={open} aria-controls="sign-in" onClick={() => setOpen(!open)}>
              Sign in
            </button>
          </>
        )}
        {!credential && open && <SignInPanel session={session} onClose={() => setOpen(false)} />}
      </div>
    </header>
  );
}

function SignedIn({ credential, onSignOut }: { credential: Credential; onSignOut: () => void }) {
  const { person, kind, deadline } = credential;
  const left = useTimeLeft(deadline);
  return (
    <>
      <span className="state" role="status" title={person.email}>
        <i className="dot" data-state={left !== null && left < SOON_MS ? 'soon' : 'in'} />
        <span className="who">{person.name || person.email}</span>
        <span className="role">{person.role.replaceAll('_', ' ').toLowerCase()}</span>
        <span className="until">
          {kind === 'key' ? 'API key' : 'session'}
          {left === null ? '' : left > 0 ? `, expires in ${describe(left)}` : ', expired'}
        </span>
      </span>
      <button type="button" className="button" onClick={onSignOut}>
        Sign out
      </button>
    </>
  );
}

function useTimeLeft(deadline: number | null): number | null {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [deadline]);
  return deadline === null ? null : deadline - now;
}

function describe(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
