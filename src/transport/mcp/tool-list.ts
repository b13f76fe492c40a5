import { LRUCache } from 'lru-cache';
import type { Era } from '../../audit/audit-event.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { whatIsAllowed } from '../../tool/call/require-scope.ts';
import { listTtlMs, modernMeta } from './mcp-server.ts';
import type { ToolDescriptors } from './tool-descriptors.ts';

/** Lists kept; an organisation has a few kinds of keys, and a host of them many of the same. */
const MOST_LISTS = 200;

/** The bytes of a `tools/list` result. */
export type ToolList = (principal: TenantPrincipal, era: Era) => Buffer;

/** Renders a list once for all callers who may call the same. */
export function createToolList(descriptors: ToolDescriptors, version: string): ToolList {
  const rendered = new LRUCache<string, Buffer>({ max: MOST_LISTS });
  return (principal, era) => {
    const ttlMs = listTtlMs(principal);
    const key = `${era} ${ttlMs} ${whatIsAllowed(principal)}`;
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const tools = descriptors(principal);
    const modern = {
      tools,
      resultType: 'complete',
      ttlMs,
      cacheScope: 'private',
      _meta: modernMeta(version),
    };
    const list = Buffer.from(JSON.stringify(era === '2026' ? modern : { tools }));
    rendered.set(key, list);
    return list;
  };
}
