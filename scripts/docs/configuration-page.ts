import { z } from 'zod';
import { configJsonSchema } from '../../src/cli/config-schema.ts';
import { variables } from '../../src/config/environment.ts';
import { code, generatedFrom, page, plain, table } from './markdown.ts';

/** As much of JSON Schema as the configuration's has. */
const Node = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), Node).optional();
  },
  get items() {
    return Node.optional();
  },
  get anyOf() {
    return z.array(Node).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), Node]).optional();
  },
});
type Node = z.infer<typeof Node>;

const INTRODUCTION = `The server reads \`mcp.config.json\` of the folder that it is started in, or the file that \`TENANTRY_CONFIG\` names. The environment
wins over the file; an empty variable counts as unset, except for the secrets. Relative paths are relative to the file. The file holds no
secret. The start reports every mistake at once, with its path and the expected value, except for a mistake behind another one, such as in a document that cannot be read; the exit code is 78.
Editors complete the file where it names its schema: \`"$schema": "./mcp.config.schema.json"\`. A change of the file holds after a restart.

Without a file, and without \`TENANTRY_CONFIG\`, \`npx tenantry serve\` is the demo, on loopback alone.`;

const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['TENANTRY_CONFIG', 'The path of the configuration; `./mcp.config.json` when unset.'],
  [
    'ADMIN_TOKEN',
    "The operator's over HTTP. At least 32 bytes, random (`openssl rand -hex 32`). See [operate](operate.md).",
  ],
  ['METRICS_TOKEN', 'Opens `/metrics`. At least 32 bytes.'],
  ['AUDIT_KEY', 'Signs the heads of the audit. At least 32 bytes, random, kept outside of the store.'],
  ['TENANTRY_URL', 'For `call` and `doctor`: the address of the server.'],
  ['TENANTRY_API_KEY', 'For `call`, `doctor` and `stdio`: the key.'],
  [
    'TENANTRY_ORGANIZATION_ID',
    'For `call`, `doctor` and `stdio`: the organisation, where a host key needs one.',
  ],
];

/** `docs/configuration.md`: every setting of the schema that the program checks against. */
export function configurationPage(): string {
  const root = Node.parse(JSON.parse(configJsonSchema()));
  const settings = Object.entries(root.properties ?? {}).filter(([name]) => !name.startsWith('$'));
  const single = settings.filter(([, node]) => node.properties === undefined && unionOf(node).length === 0);
  const grouped = settings.filter((entry) => !single.includes(entry));
  return page([
    generatedFrom("the configuration's schemas in `src/config/`"),
    '# Configuration',
    INTRODUCTION,
    '## Environment',
    table(
      ['variable', 'what it is'],
      [...ofSettings(), ...environment.map(([name, meaning]) => [code(name), meaning])],
    ),
    '## At the top',
    settingTable(single.flatMap(([name, node]) => rowsOf(name, node, root))),
    ...grouped.map(([name, node]) => section(name, node)),
  ]);
}

/** Variables that say what a setting of the file says. */
const ofSettings = (): readonly (readonly string[])[] =>
  Object.entries(variables).map(([path, name]) => [code(name), `The setting ${code(path)}.`]);

/** The kinds of thing that a list may hold, where there are several. */
const unionOf = (node: Node): readonly Node[] => node.items?.anyOf?.filter((each) => each.properties) ?? [];

function section(name: string, node: Node): string {
  const kinds = unionOf(node);
  const heading = `## ${code(name)}`;
  if (kinds.length === 0) return [heading, node.description ?? '', bodyOf(node)].filter(Boolean).join('\n\n');
  const parts = kinds.flatMap((kind) => [`### ${kind.description ?? ''}`.replace(/\.$/, ''), bodyOf(kind)]);
  return [heading, 'A list; each entry is one of these.', ...parts].join('\n\n');
}

const bodyOf = (node: Node): string =>
  settingTable(Object.entries(node.properties ?? {}).flatMap(([name, child]) => rowsOf(name, child, node)));

const settingTable = (rows: readonly (readonly string[])[]): string =>
  table(['setting', 'form', 'default', 'what it is'], rows);

/** A row for the setting and for each one inside of it, under its whole path. */
function rowsOf(path: string, node: Node, parent: Node): readonly (readonly string[])[] {
  const isRequired = parent.required.includes(path.slice(path.lastIndexOf('.') + 1));
  const own = [
    code(path),
    formOf(node),
    isRequired ? '**required**' : defaultOf(node),
    plain(node.description ?? ''),
  ];
  const objects = [node, ...(node.anyOf ?? [])].filter(({ properties }) => properties !== undefined);
  const inner = objects.flatMap((object) =>
    Object.entries(object.properties ?? {}).flatMap(([name, child]) =>
      rowsOf(`${path}.${name}`, child, object),
    ),
  );
  return [own, ...inner];
}

function defaultOf(node: Node): string {
  const { default: value } = node;
  if (value === undefined || JSON.stringify(value) === '{}') return '';
  return code(JSON.stringify(value).replaceAll('","', '", "'));
}

/** What may be written: `1` to `64`, a list of texts, one of several words. */
function formOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((each) => code(JSON.stringify(each))).join(', ');
  if (node.const !== undefined) return code(JSON.stringify(node.const));
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(formOf))].join(' or ');
  switch (node.type) {
    case 'string':
      return 'text';
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
      return rangeOf(node);
    case 'array':
      return node.items === undefined ? 'list' : `list of ${formOf(node.items)}`;
    default:
      return typeof node.additionalProperties === 'object'
        ? `object of name to ${formOf(node.additionalProperties)}`
        : 'object';
  }
}

function rangeOf({ minimum, maximum = Number.MAX_SAFE_INTEGER }: Node): string {
  const least = minimum ?? 0;
  return maximum === Number.MAX_SAFE_INTEGER
    ? `whole number, at least ${least}`
    : `whole number, ${least} to ${maximum}`;
}
