import type { Envelope, TopicName, Topics } from '#contract';
import { parseInput, parseOperationName, parseTopicName } from '#contract/schemas';
import type { Exported } from '#engine';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { createDownloads } from './downloads.ts';
import { createGrants, type GrantedFile, type Grants } from './grants.ts';
import { createHandlers } from './handlers.ts';
import { mapStack } from './mapped-stack.ts';
import { createRequests } from './requests.ts';
import type { Sender } from './sender.ts';
import type { Handlers, HostServices } from './services.ts';

/** The privileged side's dispatcher, shared by all doors. */
export interface Host {
  readonly grants: Grants;
  /** Creates a sender, which the door binds to a window or session. */
  admit(): Sender;
  /** Ends a sender, and drops its grants, requests and subscriptions. */
  dismiss(sender: Sender): Promise<void>;
  /** Checks sender, name, input and grant, in this order, then runs the operation. Never rejects. */
  handle(sender: unknown, name: unknown, input: unknown, options?: { signal?: AbortSignal }): Promise<Envelope<unknown>>;
  /**
   * Subscribes to a topic. Calls the listener with the current state before returning, and after each change. Returns a function that
   * unsubscribes. Throws FORBIDDEN, BAD_REQUEST.
   */
  subscribe<T extends TopicName>(sender: unknown, topic: T, listener: (state: Topics[T]) => void): () => void;
  /** Asks a sender's window to open files, through the topic `requests`. Throws FORBIDDEN, TOO_LARGE. */
  request(sender: Sender, files: readonly GrantedFile[]): void;
  /** Returns the export behind a download name; each works once. Throws FORBIDDEN. */
  download(download: string): Exported;
  /** Turns an error into an envelope. Internal errors are logged, and their details left out of the envelope. */
  refuse(error: unknown): Envelope<never>;
}

/** Creates the host. The caller owns the services. */
export function createHost(services: HostServices): Host {
  const { library, jobs, catalogs, grants = createGrants() } = services;
  const log = services.log ?? ((text: string) => void process.stderr.write(`${text}\n`));
  const requests = createRequests(grants);
  const downloads = createDownloads();
  const handlers = createHandlers({ ...services, grants, requests, downloads });
  const subscriptions = new Map<Sender, Set<() => void>>();
  let last = 0;

  const isAdmitted = (sender: unknown): sender is Sender => subscriptions.has(sender as Sender);

  const requireAdmitted = (sender: unknown): Sender => {
    if (!isAdmitted(sender)) throw new LayerscopeError('FORBIDDEN', 'unknown sender');
    return sender;
  };

  const refuse = (thrown: unknown): Envelope<never> => {
    const error = asLayerscopeError(thrown);
    if (error.code !== 'INTERNAL') return { ok: false, error: { code: error.code, message: displayText(error.message) } };
    log(`layerscope: INTERNAL: ${defectText(error)}`);
    return { ok: false, error: { code: 'INTERNAL', message: 'something went wrong in the program' } };
  };

  const listen = (topic: TopicName, sender: Sender, listener: (state: never) => void): (() => void) => {
    if (topic === 'jobs') return jobs.subscribe((state) => listener({ jobs: state } satisfies Topics['jobs'] as never));
    if (topic === 'library') return library.subscribe((state) => listener({ archives: state } satisfies Topics['library'] as never));
    if (topic === 'catalogs') {
      const state = (open: Topics['catalogs']['catalogs']): void => listener({ catalogs: open } satisfies Topics['catalogs'] as never);
      if (catalogs !== undefined) return catalogs.subscribe(state);
      state([]);
      return () => {};
    }
    return requests.subscribe(sender, listener as (state: Topics['requests']) => void);
  };

  return {
    grants,
    refuse,
    admit() {
      const sender: Sender = Object.freeze({ number: ++last });
      subscriptions.set(sender, new Set());
      return sender;
    },
    async dismiss(sender) {
      for (const end of subscriptions.get(sender) ?? []) end();
      subscriptions.delete(sender);
      requests.drop(sender);
      downloads.drop(sender);
      await grants.drop(sender);
    },
    async handle(sender, name, input, { signal } = {}) {
      try {
        return { ok: true, value: await dispatch(handlers, requireAdmitted(sender), name, input, signal) };
      } catch (error) {
        return refuse(error);
      }
    },
    subscribe(sender, topic, listener) {
      const admitted = requireAdmitted(sender);
      const known = parseTopicName(topic);
      const end = listen(known, admitted, listener as (state: never) => void);
      subscriptions.get(admitted)?.add(end);
      return () => {
        subscriptions.get(admitted)?.delete(end);
        end();
      };
    },
    download: (download) => downloads.take(download),
    request(sender, files) {
      requests.add(requireAdmitted(sender), files);
    },
  };
}

function dispatch(handlers: Handlers, sender: Sender, name: unknown, input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  const known = parseOperationName(name);
  const handler = handlers[known] as (sender: Sender, input: unknown, signal: AbortSignal) => Promise<unknown>;
  return handler(sender, parseInput(known, input), signal ?? new AbortController().signal);
}

/** Returns the stack of an error and its causes, mapped to the sources if source maps exist. */
export function defectText(error: Error): string {
  const stack = mapStack(error.stack ?? error.message);
  return error.cause instanceof Error ? `${stack}\n  caused by: ${defectText(error.cause)}` : stack;
}
