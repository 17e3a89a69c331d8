import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { createRoot } from 'react-dom/client';

import { App } from './App';
import { createSession } from './session';

const ENDPOINT = '/graphql';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element.');

createRoot(root).render(
  <App endpoint={ENDPOINT} session={createSession(ENDPOINT, window.sessionStorage)} />,
);
