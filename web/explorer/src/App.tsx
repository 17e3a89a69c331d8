/** The page: the session bar above GraphiQL, and one transport for each identity. */
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';

import { findAccount, keepAccount, keptAccount } from './account';
import { isPassing } from './graphql';
import type { Session } from './session';
import { SessionBar } from './SessionBar';
import { starters } from './starters';
import { createTransport } from './transport';

const RETRY_MS = 5_000;

interface Props {
  endpoint: string;
  session: Session;
}

export function App({ endpoint, session }: Props) {
  const { credential, notice } = useSyncExternalStore(session.subscribe, session.state);
  // A refreshed token is still the same identity: its subscriptions go on. Another one starts with a new socket and schema.
  const identity = credential && (credential.kind === 'password' ? credential.id : credential.token);
  const transport = useMemo(() => createTransport(endpoint, session), [endpoint, session, identity]);
  useEffect(() => () => transport.dispose(), [transport]);
  const [account, setAccount] = useState(() => keptAccount(window.localStorage));
  useEffect(() => {
    let isCurrent = true;
    let again: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const authorization = identity ? await session.authorization() : null;
      const found = authorization ? await findAccount(endpoint, authorization) : null;
      if (!isCurrent || !found || found === keptAccount(window.localStorage)) return;
      keepAccount(window.localStorage, found);
      setAccount(found);
    };
    const lookUntilAnswered = () => {
      look().catch((error: unknown) => {
        // Any other failure stays: the tabs can be filled in by hand.
        if (isCurrent && isPassing(error)) again = setTimeout(lookUntilAnswered, RETRY_MS);
      });
    };
    lookUntilAnswered();
    return () => {
      isCurrent = false;
      clearTimeout(again);
    };
  }, [endpoint, session, identity]);

  return (
    <div className="explorer">
      <SessionBar session={session} credential={credential} notice={notice} />
      <GraphiQL
        // Tabs are read from the browser's store as it begins: for another account it begins anew.
        key={account}
        fetcher={transport.fetcher}
        // The schema is for those who are signed in; null keeps GraphiQL from asking before.
        schema={credential ? undefined : null}
        defaultTabs={starters(account)}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
        maxHistoryLength={50}
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>
          <span className="explorer-endpoint">{endpoint}</span>
        </GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}
