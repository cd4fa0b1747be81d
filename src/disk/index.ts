export { openFolder, openToRead } from './access.ts';
export { type Attributes, readAttributes, setAttributes } from './extended-attributes.ts';
export { type Facts, factsAt } from './facts.ts';
export { type LaidOut, layOut, nodeWord, type Written } from './lay-out.ts';
export { removeTree } from './remove-tree.ts';
export { type PlannedEntry, planTree, type Refusal, type TreePlan } from './tree-plan.ts';
