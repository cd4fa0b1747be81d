/**
 * Lays out a view of an image as files in a folder, for mounts and exports.
 *
 * - **plan**: the entries of a view in the order in which they are created (tree-plan.ts).
 * - **laying out**: creating them, in an order that never writes through a link (lay-out.ts).
 * - **facts**: an entry's metadata: owner, mode, time, attributes, device numbers.
 * - **shortfall**: something that couldn't be preserved, because of the file system or the user's rights; reported as a finding.
 *
 * tree-walk.ts lists a folder that may be changing, and changes-tar.ts writes some of its entries as a layer.
 *
 * Start with tree-plan.ts and lay-out.ts. disk-tree.ts makes the system calls; access.ts and remove-tree.ts handle modes that deny access
 * to this user.
 */
export { IS_RESTRICTED } from './access.ts';
export { type ChangedEntry, tarOfChanges } from './changes-tar.ts';
export { type Attributes, setAttributes } from './extended-attributes.ts';
export { type Facts, factsAt } from './facts.ts';
export { FolderPath } from './folder-path.ts';
export { type LaidOut, layOut, nodeWord, type Written } from './lay-out.ts';
export { removeTree } from './remove-tree.ts';
export { type PlannedEntry, planTree, type Refusal, type TreePlan } from './tree-plan.ts';
export { type EntryFacts, type EntryKind, sizeOf, type WalkedEntry, walkTree } from './tree-walk.ts';
