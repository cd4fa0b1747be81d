import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Limits connections. Those of sessions stay open; those without a session ("strangers") are closed to make room for others. */
export interface Connections {
  /** Marks a connection that has sent a session's secret; the limits for strangers no longer apply to it. */
  belongsToSession(socket: Socket): void;
  /**
   * Whether no other response is pending on the request's connection; if one is, the connection is closed. No browser sends a request
   * before the previous response has ended, and hundreds of unread responses would fill the memory.
   */
  isAlone(socket: Socket, response: ServerResponse): boolean;
}

export interface ConnectionLimits {
  /** Maximum lifetime of a connection without a session, in ms, even if active. */
  readonly strangerMs?: number;
  /** Maximum number of connections without a session; the next one closes the oldest. */
  readonly strangers?: number;
}

/**
 * Length of the accept queue. Shorter than STRANGERS, so that accepting the whole queue at once doesn't close any connection in it unread.
 */
export const BACKLOG = 128;

const STRANGERS = 256;
const STRANGER_MS = 10_000;
/**
 * Maximum number of connections in total. Strangers have a lower limit, so only sessions can reach this one, and then they lock out only
 * themselves.
 */
const MOST = 1_024;

/**
 * Watches a server's connections, because any user of this machine can connect. A connection without a session is closed after a short
 * time, even if it keeps sending bytes. If there are too many, closes the oldest instead of refusing the newest, which may be the
 * browser's. A browser sends its secret at once, and its connection stays.
 */
export function watchConnections(
  server: Server,
  { strangerMs = STRANGER_MS, strangers: most = STRANGERS }: ConnectionLimits = {},
): Connections {
  const strangers = new Map<Socket, NodeJS.Timeout>(); // oldest first
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
