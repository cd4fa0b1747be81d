/**
 * A graph driver served to another process over a stream: `serveDriver` is the server's side; the result of `connectDriver`, the client's
 * side, works like a local driver.
 *
 * From the bottom up: frames.ts splits the stream into frames, handshake.ts authenticates both sides, channel.ts is a connection, flow.ts
 * paces the data of a call, and protocol.ts is the table of methods, which each side uses to check what the other sends. client-call.ts and
 * server-call.ts are the two ends of a call; a reply of many items is sent as lines of JSON (items.ts).
 */
export { connectDriver } from './remote-driver.ts';
export { type ServedDriver, type ServeOptions, serveDriver } from './serve-driver.ts';
