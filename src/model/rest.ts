/**
 * Called at intervals by work that may take long: yields to other work if this one has run long enough. Throws CANCELLED. The engine
 * creates one with `createRest`.
 */
export type Rest = () => Promise<void>;
