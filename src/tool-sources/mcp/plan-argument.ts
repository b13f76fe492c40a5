import type { Node } from '../../json-schema/node.ts';
import { allowsText, type Property, propertiesOf } from '../../json-schema/properties.ts';

const MOST_DEPTH = 5;

/**
 * Whether the organisation is written into a tool's arguments: when the tool declares the argument, or accepts any
 * argument, since it may pass those on. A reason when no call can be made.
 */
export function planArgument(
  schema: Node,
  argument: string,
  isOrganization: (name: string) => boolean,
): { readonly isInjected: boolean } | { readonly reason: string } {
  const properties = propertiesOf(schema, schema);
  const isRival = ({ name, required }: Property) => required && name !== argument && isOrganization(name);
  const rival = properties.find(isRival);
  if (rival !== undefined) return { reason: `its argument "${rival.name}" names an organisation too` };
  const nested = requiredInside(schema, properties, isOrganization, 0);
  if (nested !== undefined)
    return { reason: `its argument "${nested}" names an organisation, and is not written` };
  if (properties.some(({ name }) => name === argument)) return { isInjected: true };
  const open = schema.additionalProperties ?? false;
  if (open === false) return { isInjected: false };
  if (allowsText(schema, open)) return { isInjected: true };
  return { reason: `it takes any argument, but no text under "${argument}"` };
}

/** The path of a nested, required argument that names an organisation. Only top-level arguments are written. */
function requiredInside(
  schema: Node,
  properties: readonly Property[],
  isOrganization: (name: string) => boolean,
  depth: number,
): string | undefined {
  if (depth > MOST_DEPTH) return undefined;
  for (const property of properties) {
    if (!property.required || isOrganization(property.name)) continue;
    const inner = propertiesOf(schema, property.schema);
    const named = inner.find(({ name, required }) => required && isOrganization(name));
    const found = named?.name ?? requiredInside(schema, inner, isOrganization, depth + 1);
    if (found !== undefined) return `${property.name}.${found}`;
  }
  return undefined;
}
