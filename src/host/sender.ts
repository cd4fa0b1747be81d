/** A window, or a browser's session: made by {@link Host.admit}, known by identity, so that none can be made up. */
export interface Sender {
  readonly number: number;
}
