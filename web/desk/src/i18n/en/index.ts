import { desk } from './desk';
import { operations } from './operations';
import { pages } from './pages';
import { shell } from './shell';
import { words } from './words';

const messages = { ...shell, ...desk, ...pages, words, operations };
export type Messages = typeof messages;
export default messages;
