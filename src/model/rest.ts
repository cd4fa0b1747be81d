/**
 * Called now and then by work that may take long: waits for others to have their turn if this one has taken long enough. Throws CANCELLED.
 * The engine makes one with `createRest`.
 */
export type Rest = () => Promise<void>;
