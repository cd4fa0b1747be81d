import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections of the host: those of its sessions stay, those of strangers make room. */
export interface Connections {
  /** A request with a session's secret came on it: from now on it is not a stranger's. */
  belongsToSession(socket: Socket): void;
  /**
   * Whether a request is the only one on its connection until its response has ended; if not, the connection is closed. No browser sends
   * a request before the reply to the one before, and hundreds of replies that nobody reads would fill the memory.
   */
  isAlone(socket: Socket, response: ServerResponse): boolean;
}

export interface ConnectionLimits {
  /** How long a connection without a session may last in all, whatever it does, ms. */
  readonly strangerMs?: number;
  /** Of those without a session; one more, and the oldest of them ends. */
  readonly strangers?: number;
}

/**
 * What waits to be accepted. Fewer than there are places for strangers: of what is accepted at one go, nothing ends before it was read.
 */
export const BACKLOG = 128;

const STRANGERS = 256;
const STRANGER_MS = 10_000;
/** All together. A session that opens more shuts out itself alone. */
const MOST = 1_024;

/**
 * Any user of this machine can connect. Without a session a connection lasts a moment in all, so that one that sends a byte a second ends
 * too, and when there are too many the oldest ends, not the newest refused: the browser's own connection is the newest, says its secret at
 * once, and stays.
 */
export function watchConnections(
  server: Server,
  { strangerMs = STRANGER_MS, strangers: most = STRANGERS }: ConnectionLimits = {},
): Connections {
  const strangers = new Map<Socket, NodeJS.Timeout>(); // the oldest first
  const forget = (socket: Socket): void => {
    clearTimeout(strangers.get(socket));
    strangers.delete(socket);
  };
  server.maxConnections = MOST;
  server.on('connection', (socket: Socket) => {
    const [oldest] = strangers.keys();
    if (strangers.size >= most && oldest !== undefined) {
      forget(oldest);
      oldest.destroy();
    }
    strangers.set(
      socket,
      setTimeout(() => socket.destroy(), strangerMs),
    );
    socket.once('close', () => forget(socket));
  });
  const busy = new WeakSet<Socket>();
  const isAlone = (socket: Socket, response: ServerResponse): boolean => {
    if (busy.has(socket)) {
      socket.destroy();
      return false;
    }
    busy.add(socket);
    for (const event of ['finish', 'close']) response.once(event, () => busy.delete(socket));
    return true;
  };
  return { belongsToSession: forget, isAlone };
}
