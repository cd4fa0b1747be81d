// Messages to and from the store thread. Plain values only, because messages are cloned.
import type { ServiceProgress, StoreLocation, StoreService } from './store-service.ts';

export type ServiceCall = Exclude<keyof StoreService, 'close'>;

export type ToThread =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly store: StoreLocation;
      readonly call: ServiceCall;
      readonly input: readonly unknown[];
    }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close'; readonly id: number };

export type FromThread =
  | { readonly type: 'value'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string; readonly detail: string | null }
  | { readonly type: 'progress'; readonly id: number; readonly progress: ServiceProgress };

/** All calls. The last argument of a `long` call is its options, whose progress and cancellation cross threads too. */
export const SERVICE_CALLS = {
  report: 'short',
  importImage: 'long',
  removal: 'short',
  remove: 'short',
  discard: 'short',
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
} as const satisfies Record<ServiceCall, 'short' | 'long'>;
