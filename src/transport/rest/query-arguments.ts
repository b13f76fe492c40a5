import { AppError } from '../../errors.ts';
import { asNode } from '../../json-schema/node.ts';
import type { JsonSchema } from '../../tool/operation.ts';

type Kind = 'number' | 'boolean' | 'text';

/**
 * A query string as arguments. Text is converted by the declared type only; text that does not convert stays as it is,
 * for the tool's own schema to refuse.
 *
 * @throws VALIDATION_ERROR for a name that is repeated though it is no list
 */
export function queryArguments(query: URLSearchParams, schema: JsonSchema): ReadonlyMap<string, unknown> {
  const converted = new Map<string, unknown>();
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    const declared = propertySchema(schema, name);
    if (declared.isList) {
      converted.set(
        name,
        values.map((value) => convert(value, declared.kind)),
      );
    } else if (values.length > 1) {
      throw new AppError('VALIDATION_ERROR', { message: 'An argument was given twice.' });
    } else {
      converted.set(name, convert(values[0] ?? '', declared.kind));
    }
  }
  return converted;
}

function convert(value: string, kind: Kind): unknown {
  if (kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value);
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function propertySchema(schema: JsonSchema, name: string): { isList: boolean; kind: Kind } {
  const properties = asNode(schema.properties);
  const property = Object.hasOwn(properties, name) ? asNode(properties[name]) : {};
  const isList = property.type === 'array';
  return { isList, kind: kindOf(isList ? asNode(property.items) : property) };
}

/** A union such as `number or "never"` converts what looks like its number. */
function kindOf(property: Record<string, unknown>): Kind {
  const types = [property, ...(Array.isArray(property.anyOf) ? property.anyOf.map(asNode) : [])].map(
    ({ type }) => type,
  );
  if (types.includes('integer') || types.includes('number')) return 'number';
  return types.includes('boolean') ? 'boolean' : 'text';
}
