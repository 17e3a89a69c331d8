/** The page: the session bar above GraphiQL, and one transport for each identity. */
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useSyncExternalStore } from 'react';

import type { Session } from './session';
import { SessionBar } from './SessionBar';
import { STARTERS } from './starters';
import { createTransport } from './transport';

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

  return (
    <div className="explorer">
      <SessionBar session={session} credential={credential} notice={notice} />
      <GraphiQL
        fetcher={transport.fetcher}
        // The schema is for those who are signed in; null keeps GraphiQL from asking before.
        schema={credential ? undefined : null}
        defaultTabs={STARTERS}
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
