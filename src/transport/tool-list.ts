import type { Caller } from '../caller.ts';
import { whatIsAllowed } from '../tool/gate.ts';
import type { ToolDescriptors } from './tool-descriptors.ts';

/** Lists kept; an organisation has a few kinds of keys, and a host of them many of the same. */
const MOST_LISTS = 200;

/** The JSON of `tools/list`'s array, rendered once for all callers who may call the same. */
export function createToolList(descriptors: ToolDescriptors): (caller: Caller) => string {
  const rendered = new Map<string, string>();
  return (caller) => {
    const key = whatIsAllowed(caller);
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const list = JSON.stringify(descriptors(caller));
    if (rendered.size >= MOST_LISTS) rendered.clear();
    rendered.set(key, list);
    return list;
  };
}
