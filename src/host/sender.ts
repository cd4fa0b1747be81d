/** A window or browser session, created by {@link Host.admit}. Compared by identity, so it can't be forged. */
export interface Sender {
  readonly number: number;
}
