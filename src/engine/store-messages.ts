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

/** Calls that take options as their last argument: progress and cancelling cross too. */
export const LONG_CALLS: ReadonlySet<RoomCall> = new Set<RoomCall>(['take', 'verify', 'commit', 'spool']);
