import { printable } from '../../secrets/printable.ts';
import { jsonText } from '../print.ts';
import { tableLines } from '../table.ts';

/** A tool as a server lists it, as far as its help shows it. */
export type ListedTool = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
};

/** What a tool does and what it takes, for a terminal. */
export function toolHelp({ name, title, description, inputSchema }: ListedTool): readonly string[] {
  const required = Array.isArray(inputSchema.required) ? inputSchema.required : [];
  const rows = Object.entries(nodeOf(inputSchema.properties)).map(([argument, schema]) => [
    `  ${argument}`,
    typeOf(nodeOf(schema)),
    required.includes(argument) ? 'required' : '',
    notesOf(nodeOf(schema)),
  ]);
  const properties = nodeOf(inputSchema.properties);
  const example = jsonText(
    Object.fromEntries(required.map((argument) => [argument, exampleOf(nodeOf(properties[argument]))])),
  );
  return [
    printable(`${name}${title === undefined ? '' : `: ${title}`}`),
    ...(description === undefined ? [] : description.split('\n').map(printable)),
    '',
    ...(rows.length === 0 ? ['It takes no arguments.'] : tableLines(['  ARGUMENT', 'TYPE', '', ''], rows)),
    '',
    printable(`  tenantry call ${name}${rows.length === 0 ? '' : ` '${example}'`}`),
  ];
}

type Node = Readonly<Record<string, unknown>>;

const nodeOf = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {}); // Keywords of a schema, whatever they hold.

/** A value of the declared kind, for the person to replace. */
function exampleOf({ type, enum: values, const: only }: Node): unknown {
  if (only !== undefined) return only;
  if (Array.isArray(values)) return values[0];
  const [kind] = [type].flat();
  if (kind === 'array') return ['…'];
  if (kind === 'object') return { '…': '…' };
  if (kind === 'integer' || kind === 'number') return 1;
  return kind === 'boolean' ? true : '…';
}

function typeOf(schema: Node): string {
  const { type, enum: values, items, anyOf, oneOf } = schema;
  if (Array.isArray(values)) return values.map((value) => jsonText(value)).join(' | ');
  if ('const' in schema) return jsonText(schema.const);
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return alternatives.map((each) => typeOf(nodeOf(each))).join(' | ');
  if (type === 'array') return `list of ${typeOf(nodeOf(items))}`;
  return type === undefined ? 'any' : [type].flat().map(String).join(' | ');
}

const bounds: readonly (readonly [keyword: string, words: string])[] = [
  ['minimum', 'at least'],
  ['maximum', 'at most'],
  ['minLength', 'characters at least'],
  ['maxLength', 'characters at most'],
  ['minItems', 'items at least'],
  ['maxItems', 'items at most'],
];

/** The bounds that are no more than what a machine can count say nothing to a person. */
function notesOf(schema: Node): string {
  const said = bounds.flatMap(([keyword, words]) => {
    const bound = schema[keyword];
    return typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER
      ? [`${words} ${bound}`]
      : [];
  });
  const standard = schema.default === undefined ? [] : [`default ${jsonText(schema.default)}`];
  const notes = [...said, ...standard].join(', ');
  const description = typeof schema.description === 'string' ? schema.description : '';
  return [description, notes === '' ? '' : `(${notes})`].filter((text) => text !== '').join(' ');
}
