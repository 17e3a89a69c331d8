// A bare WebSocket that says exactly what a test tells it to, and remembers everything it hears.
import WebSocket from 'ws';

export const PROTOCOL = 'graphql-transport-ws';
const PATIENCE_MS = 5_000;
const open = new Set();

/** A socket that a failed test left behind would keep the process alive. */
export function terminateAll() {
  for (const socket of open) socket.terminate();
}

export class Socket {
  heard = [];
  #waiting = [];

  constructor(url, { protocols = [PROTOCOL], headers = {} } = {}) {
    this.socket = new WebSocket(url, protocols, { headers });
    open.add(this.socket);
    this.socket.once('close', () => open.delete(this.socket));
    this.closed = new Promise((resolve) => this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    // A refused handshake is told by `opened`; afterwards `closed` says how the socket ended.
    this.opened.catch(() => {});
    this.socket.on('error', () => {});
    this.socket.on('message', (data, isBinary) => {
      this.heard.push(isBinary ? { type: 'BINARY FRAME' } : JSON.parse(data.toString()));
      this.#waiting = this.#waiting.filter((look) => !look());
    });
    this.socket.on('close', () => this.#waiting.forEach((look) => look(true)));
  }

  async say(message) {
    await this.opened;
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message that fits, already heard or still to come; an error if the socket closes or stays silent. */
  hear(type, id, patience = PATIENCE_MS) {
    const fits = (message) => message.type === type && (id === undefined || message.id === id);
    const tell = () => `waited for ${type} ${id ?? ''}, heard ${JSON.stringify(this.heard)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(tell())), patience);
      const look = (ended = false) => {
        const index = this.heard.findIndex(fits);
        if (index < 0 && !ended) return false;
        clearTimeout(timer);
        if (index < 0) reject(new Error(`closed: ${tell()}`));
        else resolve(this.heard.splice(index, 1)[0]);
        return true;
      };
      if (!look()) this.#waiting.push(look);
    });
  }

  /** The close code, once the server has closed the socket. */
  async closeCode(patience = PATIENCE_MS) {
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still open, heard ${JSON.stringify(this.heard)}`)), patience);
    });
    try {
      return (await Promise.race([this.closed, silence])).code;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Proof that the socket still answers, and that everything said before has been handled. */
  async settle() {
    await this.say({ type: 'ping' });
    await this.hear('pong');
  }

  async end() {
    this.socket.close(1000);
    await this.closed;
  }
}

/** A socket that has been through connection_init. */
export async function acknowledged(url, authorization) {
  const socket = new Socket(url);
  await socket.say({ type: 'connection_init', payload: authorization ? { authorization } : {} });
  await socket.hear('connection_ack');
  return socket;
}
