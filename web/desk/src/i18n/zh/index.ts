import type { Messages } from '../en';
import { desk } from './desk';
import { operations } from './operations';
import { pages } from './pages';
import { shell } from './shell';
import { words } from './words';

const messages: Messages = { ...shell, ...desk, ...pages, words, operations };
export default messages;
