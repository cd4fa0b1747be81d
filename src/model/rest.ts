/**
 * Long-running work calls this at intervals, to yield to other work once it has run long enough. Throws CANCELLED. The engine creates one
 * with `createRest`.
 */
export type Rest = () => Promise<void>;
