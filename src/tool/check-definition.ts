import { namesOrganization } from '../downstream/organization/organization-name.ts';
import { hint } from '../words/did-you-mean.ts';

const effects = ['reads', 'writes', 'destroys'];
const ROUTE = /^(?:GET|POST|PUT|PATCH|DELETE) (\/\S*)$/;

/** A definition at run time: Node strips types and checks none, and the module may be plain JavaScript. */
type Definition = Readonly<Record<string, unknown>>;

/** @throws Error that names the first field of the definition that is missing or wrong, and what is expected there */
export function checkDefinition(definition: Definition): void {
  const { name, effect, scope, input, output, handle, rest } = definition;
  if (!isText(name)) throw new Error('a tool has no name: expected one such as "list_widgets"');
  const mistakes = [
    ['title', isText(definition.title) ? null : 'expected a text'],
    ['description', isText(definition.description) ? null : 'expected a text'],
    ['scope', isText(scope) ? null : 'expected a scope of the catalogue, or "any"'],
    ['effect', effects.includes(String(effect)) ? null : oneOfEffects(String(effect))],
    ['input', hasShape(input) ? namedIn(fieldsOf(input)) : 'expected a z.strictObject'],
    ['output', hasShape(output) ? null : 'expected a z.object'],
    ['handle', typeof handle === 'function' ? null : 'expected a function'],
    ['rest', rest === undefined ? null : wrongRoute(String(rest), fieldsOf(input))],
  ];
  const first = mistakes.find(([, mistake]) => mistake !== null);
  if (first !== undefined) throw new Error(`tool ${name}: ${first.join(': ')}`);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';

const oneOfEffects = (effect: string): string =>
  `expected one of ${effects.join(', ')}${hint(effect, effects)}`;

const shapeOf = (schema: unknown): unknown =>
  typeof schema === 'object' && schema !== null && 'shape' in schema ? schema.shape : undefined;

const hasShape = (schema: unknown): boolean => typeof shapeOf(schema) === 'object';

const fieldsOf = (schema: unknown): readonly string[] => Object.keys(shapeOf(schema) ?? {});

/** Every call with such an argument is refused, so no call could be made. */
function namedIn(fields: readonly string[]): string | null {
  const named = fields.find(namesOrganization);
  if (named === undefined) return null;
  return `"${named}" names the organisation, which the credential says: leave it out; context.me has it`;
}

function wrongRoute(rest: string, fields: readonly string[]): string | null {
  const path = ROUTE.exec(rest)?.[1];
  if (path === undefined) return 'expected a method and a path, such as "GET /v1/widgets/{widget_id}"';
  const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
  const unknown = names.find((name) => !fields.includes(name));
  return unknown === undefined ? null : `{${unknown}} is no field of input${hint(unknown, fields)}`;
}
