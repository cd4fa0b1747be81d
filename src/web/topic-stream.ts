import type { ServerResponse } from 'node:http';
import { TOPIC_NAMES, type TopicName } from '#contract';
import type { Host, Sender } from '#host';
import { Refusal } from './guards.ts';
import { onClose } from './replies.ts';

/** Interval between heartbeats. Without them, proxies and browsers would drop a silent stream. */
const HEARTBEAT_MS = 15_000;

/** Parses the topics in an address, such as `jobs` or `jobs,library`. Throws {@link Refusal} for an unknown topic. */
export function parseTopics(text: string): readonly TopicName[] {
  return text.split(',').map((name) => {
    const topic = TOPIC_NAMES.find((each) => each === name);
    if (topic === undefined) throw new Refusal(404, 'NOT_FOUND', 'no such topic');
    return topic;
  });
}

/**
 * Streams topics as Server-Sent Events, with the topic as event name, until the connection ends. A slow reader skips to the latest state of
 * each topic. Source: HTML, 9.2 Server-sent events.
 */
export function streamTopics(host: Host, sender: Sender, topics: readonly TopicName[], response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('retry: 1000\n\n');
  const waiting = new Map<TopicName, unknown>();
  const flush = (): void => {
    for (const [topic, state] of waiting) {
      if (response.writableNeedDrain) return;
      waiting.delete(topic);
      response.write(`event: ${topic}\ndata: ${JSON.stringify(state)}\n\n`);
    }
  };
  response.on('drain', flush);
  const heartbeat = setInterval(() => response.writableNeedDrain || response.write(':\n\n'), HEARTBEAT_MS);
  const ends = [...new Set(topics)].map((topic) =>
    host.subscribe(sender, topic, (state) => {
      waiting.set(topic, state);
      flush();
    }),
  );
  onClose(response, () => {
    clearInterval(heartbeat);
    for (const end of ends) end();
  });
}
