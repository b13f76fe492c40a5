import { readFile } from 'node:fs/promises';
import { validate } from '@readme/openapi-parser';
import { upgrade } from '@scalar/openapi-upgrader';
import { request } from 'undici';
import { parse as parseYaml } from 'yaml';
import { hasPlainPath } from '../../config/http.ts';
import { asList, asNode, asText, isNode, type Node } from '../../json-schema/node.ts';

const MOST_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * Reads an OpenAPI document from a file or URL, as JSON or YAML, and upgrades it to 3.1. External references are
 * refused.
 *
 * @throws Error with a sentence for the operator when it cannot be read or is invalid
 */
export async function readDocument(source: string): Promise<Node> {
  const document = parseText(await readText(source), source);
  const version = asText(document.openapi) ?? '';
  if (!/^3\.[01]\./.test(version)) {
    const got = version || (document.swagger === undefined ? 'none' : `Swagger ${String(document.swagger)}`);
    throw new Error(`expected OpenAPI 3.0 or 3.1, got "${got}"`);
  }
  const foreign = foreignReference(document);
  if (foreign !== undefined) throw new Error(`expected references into the document alone, got "${foreign}"`);
  // A copy, because the validator modifies its input.
  const checked = await validate(structuredClone(document) as never, { resolve: { external: false } });
  if (!checked.valid) throw new Error(firstLine(checked.errors[0]?.message ?? 'expected a valid document'));
  return version.startsWith('3.0.') ? (upgrade(document, '3.1') as Node) : document;
}

function parseText(text: string, source: string): Node {
  const value: unknown =
    /\.ya?ml$/i.test(source) || !/^\s*\{/.test(text) ? parseYaml(text) : JSON.parse(text);
  if (!isNode(value)) throw new Error('expected an object');
  return value;
}

async function readText(source: string): Promise<string> {
  if (!source.startsWith('https://') && !source.startsWith('http://')) return readFile(source, 'utf8');
  const { statusCode, body } = await request(source, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (statusCode !== 200) throw new Error(`expected an answer of 200, got ${statusCode}`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error('expected a document of at most 64 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const firstLine = (text: string): string => text.split('\n')[0]?.trim() ?? '';

/** The first absolute https URL of the document's servers, with the defaults of its variables; undefined for none. */
export function serverOf(document: Node): string | undefined {
  for (const server of asList(document.servers)) {
    const { url, variables } = asNode(server);
    const text = String(url).replaceAll(/\{([^}]+)\}/g, (place, name: string) =>
      String(asNode(asNode(variables)[name]).default ?? place),
    );
    if (/^https:\/\/[^/{}]+/.test(text) && hasPlainPath(text)) return text;
  }
  return undefined;
}

const holdValues: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const', 'value']);

/** The first external reference. Other files and URLs are never read. */
function foreignReference(document: Node): string | undefined {
  const open: unknown[] = [document];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      if (key === '$ref' && typeof value === 'string' && !value.startsWith('#')) return value;
      if (!holdValues.has(key)) open.push(value);
    }
  }
  return undefined;
}
