/** A deterministic random source (mulberry32): the same seed draws the same people on every machine. */
export type Draw = {
  /** At least 0 and below 1. */
  next(): number;
  wholeNumber(least: number, most: number): number;
  one<Item>(items: readonly Item[]): Item;
  weighted<Item extends { readonly weight: number }>(items: readonly Item[]): Item;
};

export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }
  const wholeNumber = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    wholeNumber,
    one: (items) => item(items, Math.floor(next() * items.length)),
    weighted(items) {
      const total = items.reduce((sum, { weight }) => sum + weight, 0);
      let left = next() * total;
      const index = items.findIndex(({ weight }) => {
        left -= weight;
        return left < 0;
      });
      return item(items, index);
    },
  };
}

function item<Item>(items: readonly Item[], index: number): Item {
  const found = items.at(index);
  if (found === undefined) throw new Error('drew from an empty list');
  return found;
}
