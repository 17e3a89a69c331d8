import { desk } from './desk';
import { pages } from './pages';
import { shell } from './shell';
import { words } from './words';

const messages = { ...shell, ...desk, ...pages, words };
export type Messages = typeof messages;
export default messages;
