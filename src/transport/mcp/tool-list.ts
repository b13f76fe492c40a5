import type { Era } from '../audit/audit-event.ts';
import type { Caller } from '../caller.ts';
import { whatIsAllowed } from '../tool/gate.ts';
import { listTtlMs, modernMeta } from './mcp-server.ts';
import type { ToolDescriptors } from './tool-descriptors.ts';

/** Lists kept; an organisation has a few kinds of keys, and a host of them many of the same. */
const MOST_LISTS = 200;

/** The bytes of a `tools/list` result. */
export type ToolList = (caller: Caller, era: Era) => Buffer;

/** Renders a list once for all callers who may call the same. */
export function createToolList(descriptors: ToolDescriptors, version: string): ToolList {
  const rendered = new Map<string, Buffer>();
  return (caller, era) => {
    const ttlMs = listTtlMs(caller);
    const key = `${era} ${ttlMs} ${whatIsAllowed(caller)}`;
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const tools = descriptors(caller);
    const modern = {
      tools,
      resultType: 'complete',
      ttlMs,
      cacheScope: 'private',
      _meta: modernMeta(version),
    };
    const list = Buffer.from(JSON.stringify(era === '2026' ? modern : { tools }));
    if (rendered.size >= MOST_LISTS) rendered.clear();
    rendered.set(key, list);
    return list;
  };
}
