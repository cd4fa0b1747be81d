import type { FileGrant, Topics } from '#contract';
import { createStateTopic, type StateTopic } from '#engine';
import type { GrantedFile, Grants } from './grants.ts';
import type { Sender } from './sender.ts';

type State = Topics['requests'];

/** Files that each window is asked to open: the topic `requests`. A request stays until its grant is used. */
export interface Requests {
  /** Asks a sender's window to open files. Throws TOO_LARGE. */
  add(sender: Sender, files: readonly GrantedFile[]): void;
  used(sender: Sender, grant: string): void;
  subscribe(sender: Sender, listener: (state: State) => void): () => void;
  drop(sender: Sender): void;
}

/** Creates the requests, whose files are granted from `grants`. */
export function createRequests(grants: Grants): Requests {
  const windows = new Map<Sender, { open: FileGrant[]; topic: StateTopic<State> }>();

  const windowOf = (sender: Sender): { open: FileGrant[]; topic: StateTopic<State> } => {
    const known = windows.get(sender);
    if (known !== undefined) return known;
    const open: FileGrant[] = [];
    const made = { open, topic: createStateTopic<State>(() => ({ open: [...open] })) };
    windows.set(sender, made);
    return made;
  };

  return {
    add(sender, files) {
      const { open, topic } = windowOf(sender);
      try {
        for (const file of files) open.push(grants.give(sender, file));
      } finally {
        // If the limit is reached, announces the requests that were added before.
        topic.changed();
      }
    },
    used(sender, grant) {
      const known = windows.get(sender);
      const at = known?.open.findIndex((each) => each.grant === grant) ?? -1;
      if (known === undefined || at < 0) return;
      known.open.splice(at, 1);
      known.topic.changed();
    },
    subscribe: (sender, listener) => windowOf(sender).topic.subscribe(listener),
    drop(sender) {
      windows.get(sender)?.topic.close();
      windows.delete(sender);
    },
  };
}
