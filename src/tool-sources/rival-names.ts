import { TENANT_WORDS } from '../downstream/organization/organization-name.ts';
import { plainName } from '../downstream/organization/spelling.ts';
import { asNode, type Node, resolve } from '../json-schema/node.ts';
import { propertiesOf } from '../json-schema/properties.ts';

/** Words that often mean a tenant. The operator has not said whether they do on this platform. */
const rival = new RegExp(`^x?${TENANT_WORDS}s?(?:id|ids|name|slug|key|uuid|code)?$`);

/** `workspace_id` is excluded: keys may be restricted to workspaces. */
const isRival = (name: string): boolean => {
  const plain = plainName(name);
  return rival.test(plain) && !/^workspaceids?$/.test(plain);
};

const MOST_NODES = 2_000;
const MOST_RIVALS = 20;

/**
 * The paths of properties that may name an organisation by another word. Callers can set them, so the operator should
 * know what the platform does with them.
 */
export function rivalsIn(
  document: Node,
  schema: unknown,
  isOrganization: (name: string) => boolean,
): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<unknown>();
  const open = [{ schema, path: '' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = resolve(document, next.schema);
    if (seen.has(node) || seen.size > MOST_NODES) continue;
    seen.add(node);
    for (const { name, schema: inner } of propertiesOf(document, node)) {
      const path = next.path === '' ? name : `${next.path}.${name}`;
      if (isRival(name) && !isOrganization(name) && found.size < MOST_RIVALS) found.add(path);
      open.push({ schema: inner, path });
    }
    for (const inner of [node.items, node.additionalProperties]) {
      if (Object.keys(asNode(inner)).length > 0) open.push({ schema: inner, path: `${next.path}[]` });
    }
  }
  return [...found];
}

/** The same for plain names, such as those of parameters. */
export const rivalsAmong = (
  names: readonly string[],
  isOrganization: (name: string) => boolean,
): readonly string[] => names.filter((name) => isRival(name) && !isOrganization(name));

/** Whether a body is GraphQL. Its query text can name an organisation, and that text is not checked. */
export function takesGraphQl(document: Node, schema: unknown, name: string): boolean {
  const properties = new Set(propertiesOf(document, schema).map((property) => property.name));
  const hasQuery = properties.has('query') || properties.has('mutation');
  if (hasQuery && (properties.has('variables') || properties.has('operationName'))) return true;
  return /graphql|gql/i.test(name) && (hasQuery || properties.size === 0);
}
