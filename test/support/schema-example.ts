type Schema = Readonly<Record<string, unknown>>;

const asSchema = (value: unknown): Schema =>
  typeof value === 'object' && value !== null ? (value as Schema) : {};
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Some value that fits a schema well enough; what a schema requires is there, and nothing else. */
export function exampleOf(value: unknown, root: Schema, depth = 0): unknown {
  const schema = asSchema(value);
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/$defs/', '');
    return depth > 6 ? {} : exampleOf(asSchema(root.$defs)[name], root, depth + 1);
  }
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const [choice] = [...asList(schema.oneOf), ...asList(schema.anyOf)];
  const parts = [...asList(schema.allOf), ...(choice === undefined ? [] : [choice])];
  const examples = parts.map((part) => exampleOf(part, root, depth + 1));
  const own = plainExample(schema, root, depth);
  if (examples.length === 0) return own;
  const isObject = (each: unknown) => typeof each === 'object' && each !== null && !Array.isArray(each);
  if (examples.every(isObject) && (own === undefined || isObject(own)))
    return Object.assign({}, own, ...examples);
  return examples[0];
}

function plainExample(schema: Schema, root: Schema, depth: number): unknown {
  const [type] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const low = Number(schema.minimum ?? Number(schema.exclusiveMinimum ?? 0) + 1);
  if (type === 'integer' || type === 'number') return Math.min(low, Number(schema.maximum ?? low));
  if (type === 'boolean') return true;
  if (type === 'string')
    return 'a b&c?d'.padEnd(Number(schema.minLength ?? 0), 'x').slice(0, Number(schema.maxLength ?? 1000));
  if (type === 'array') {
    const length = Math.max(1, Number(schema.minItems ?? 0));
    return depth > 6 ? [] : Array.from({ length }, () => exampleOf(schema.items, root, depth + 1) ?? 'x');
  }
  if (type !== 'object' && schema.properties === undefined) return type === 'null' ? null : undefined;
  const properties = asSchema(schema.properties);
  const required = asList(schema.required).map(String);
  return Object.fromEntries(
    required.map((name) => [name, exampleOf(properties[name], root, depth + 1) ?? 'x']),
  );
}
