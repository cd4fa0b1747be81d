/**
 * A graph driver served to another process over a stream: `serveDriver` is the server's side, `connectDriver` the client's, whose result
 * works like a local driver.
 *
 * From the bottom up: frames.ts splits the stream into frames, handshake.ts authenticates both sides, channel.ts is a connection, flow.ts
 * paces the data of a call, and protocol.ts is the table of methods, by which each side checks what the other sends. A call is
 * client-call.ts here and server-call.ts there; a reply of many items goes as lines of JSON (items.ts).
 */
export { connectDriver } from './remote-driver.ts';
export { type ServedDriver, type ServeOptions, serveDriver } from './serve-driver.ts';
