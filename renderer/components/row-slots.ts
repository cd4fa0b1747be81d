/**
 * Assigns React keys to rows, which determine the element that draws each row. A row that stays on screen keeps its element; a new row
 * takes over the element of one that left, so that scrolling creates no elements. `before` and the result are in document order. The
 * element of `pinned` is never moved in the document, because it may have the focus and would lose it.
 */
export function slotsOf(shown: readonly number[], before: ReadonlyMap<number, number>, pinned: number): Map<number, number> {
  const stay = new Set(shown);
  const slots = new Map<number, number>();
  const freeAbove: number[] = [];
  const freeBelow: number[] = [];
  const hasPin = before.has(pinned) && stay.has(pinned);
  let above = hasPin;
  for (const [row, slot] of before) {
    if (row === pinned) above = false;
    if (!stay.has(row)) (above ? freeAbove : freeBelow).push(slot);
  }
  const taken = new Set(before.values());
  let fresh = 0;
  const freshSlot = () => {
    while (taken.has(fresh)) fresh++;
    taken.add(fresh);
    return fresh;
  };
  above = hasPin;
  for (const row of shown) {
    if (row === pinned) above = false;
    const slot = before.get(row) ?? (above ? freeAbove.shift() : (freeBelow.shift() ?? freeAbove.shift())) ?? freshSlot();
    slots.set(row, slot);
  }
  return slots;
}
