// What a room's thread is asked, and what it says. Plain values only: they cross threads.
import type { RoomHome, RoomProgress, StoreRoom } from './store-room.ts';

export type RoomCall = Exclude<keyof StoreRoom, 'close'>;

export type ToThread =
  | { readonly type: 'call'; readonly id: number; readonly room: RoomHome; readonly call: RoomCall; readonly input: readonly unknown[] }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close'; readonly id: number };

export type FromThread =
  | { readonly type: 'value'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string; readonly detail: string | null }
  | { readonly type: 'progress'; readonly id: number; readonly progress: RoomProgress };

/** Every call. `long`: its last argument is options, and progress and cancellation cross too. */
export const ROOM_CALLS = {
  report: 'short',
  take: 'long',
  remove: 'short',
  verify: 'long',
  leftovers: 'short',
  cleanup: 'short',
  mount: 'short',
  release: 'short',
  mounts: 'short',
  createReadWrite: 'short',
  changes: 'short',
  commit: 'long',
  spool: 'long',
  baseImages: 'short',
  adopt: 'short',
  elevate: 'short',
} as const satisfies Record<RoomCall, 'short' | 'long'>;
