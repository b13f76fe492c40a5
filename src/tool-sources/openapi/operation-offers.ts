import { hash } from 'node:crypto';
import type { OpenApiSettings } from '../../config/downstreams.ts';
import { asNode, lookUp, type Node, resolve } from '../../json-schema/node.ts';
import { canonical, type Offer } from '../approved-tools.ts';
import { listOperations } from './list-operations.ts';

/**
 * The offers of a document, in its own terms, so that every version of this program computes the same hashes.
 * References are replaced with hashes, because many operations share them.
 */
export function offersOf(document: Node, settings: Pick<OpenApiSettings, 'url' | 'checkReplies'>): Offer[] {
  const memory: Memory = { document, references: new Map(), hashes: new Map() };
  const servers = settings.url === undefined ? document.servers : undefined;
  return listOperations(document).map((operation) => {
    const { id, method, path, tags, summary, description } = operation;
    const item = resolve(document, asNode(document.paths)[path]);
    const { parameters, requestBody, servers: own } = asNode(item[method]);
    const named = own ?? item.servers;
    const said = {
      ...{ method, path, tags, parameters, requestBody },
      reply: settings.checkReplies ? operation.reply : undefined,
      servers: named ?? servers,
      // Servers of an operation are not used: requests go to the document's server.
      ofDocument: named === undefined || servers === undefined ? undefined : { servers },
      ofPath: item.parameters === undefined ? undefined : { parameters: item.parameters },
    };
    const references = [...referencesFrom(said, memory)].sort();
    const hashes = references.map((reference) => [reference, hashAt(reference, memory)]);
    return {
      ...{ name: id, title: summary, description, ...said },
      references: references.length === 0 ? undefined : Object.fromEntries(hashes),
    };
  });
}

/** The offer with the referenced schemas in place of their hashes, for the operator to read. */
export const withReferences = (document: Node, offer: Offer): Offer => ({
  ...offer,
  references:
    offer.references === undefined
      ? undefined
      : Object.fromEntries(
          Object.keys(asNode(offer.references)).map((reference) => [reference, lookUp(document, reference)]),
        ),
});

/** Caches of one run over a document. */
type Memory = {
  readonly document: Node;
  readonly references: Map<string, ReadonlySet<string>>;
  readonly hashes: Map<string, string>;
};

/** Every reference that is reachable from `value`. */
function referencesFrom(value: unknown, memory: Memory): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...directReferences(value)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...referencesAt(next, memory));
  }
  return found;
}

function referencesAt(reference: string, { document, references }: Memory): ReadonlySet<string> {
  const known = references.get(reference);
  if (known !== undefined) return known;
  const direct = directReferences(lookUp(document, reference));
  references.set(reference, direct);
  return direct;
}

function hashAt(reference: string, { document, hashes }: Memory): string {
  const known = hashes.get(reference);
  if (known !== undefined) return known;
  const text = canonical(lookUp(document, reference) ?? null);
  const found = hash('sha256', text);
  hashes.set(reference, found);
  return found;
}

function directReferences(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, inner] of Object.entries(next)) {
      if (key === '$ref' && typeof inner === 'string') found.add(inner);
      else open.push(inner);
    }
  }
  return found;
}
