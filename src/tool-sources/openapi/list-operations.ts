import { asList, asNode, asText, type Node, resolve } from '../../json-schema/node.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof methods)[number];

/** A parameter of an operation or of its path, with references resolved. */
export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required: boolean;
  readonly description: string | undefined;
  readonly schema: unknown;
  readonly style: string;
  readonly explode: boolean;
  /** Whether the value is serialized as JSON. */
  readonly isJson: boolean;
};

export type ApiOperation = {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly tags: readonly string[];
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly parameters: readonly Parameter[];
  /** Undefined for an operation without a body; `schema` is undefined when no media type is JSON. */
  readonly body:
    | { readonly required: boolean; readonly schema: unknown; readonly mediaTypes: readonly string[] }
    | undefined;
  /** The schema of the first 2xx response with JSON; undefined for none. */
  readonly reply: unknown;
};

/** Every operation of the document, in order. HEAD, OPTIONS and TRACE are useless to a model. */
export function listOperations(document: Node): readonly ApiOperation[] {
  return Object.entries(asNode(document.paths)).flatMap(([path, item]) => {
    const pathItem = resolve(document, item);
    return methods
      .filter((method) => pathItem[method] !== undefined)
      .map((method) => describe(document, path, method, pathItem));
  });
}

function describe(document: Node, path: string, method: Method, pathItem: Node): ApiOperation {
  const operation = asNode(pathItem[method]);
  return {
    // `||`, because some documents have empty ids.
    id: asText(operation.operationId) || `${method} ${path}`,
    method,
    path,
    tags: asList(operation.tags).map(String),
    summary: asText(operation.summary) ?? asText(pathItem.summary),
    description: asText(operation.description) ?? asText(pathItem.description),
    parameters: parametersOf(document, pathItem, operation),
    body: operation.requestBody === undefined ? undefined : bodyOf(resolve(document, operation.requestBody)),
    reply: replyOf(document, asNode(operation.responses)),
  };
}

/** An operation's parameter overrides one of its path with the same name and location. */
function parametersOf(document: Node, pathItem: Node, operation: Node): readonly Parameter[] {
  const found = new Map<string, Parameter>();
  for (const raw of [...asList(pathItem.parameters), ...asList(operation.parameters)]) {
    const parameter = readParameter(resolve(document, raw));
    if (parameter !== undefined) found.set(`${parameter.in} ${parameter.name}`, parameter);
  }
  return [...found.values()];
}

function readParameter(node: Node): Parameter | undefined {
  const { name, in: place } = node;
  if (typeof name !== 'string') return undefined;
  if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie') return undefined;
  const content = asNode(node.content);
  const [mediaType] = Object.keys(content);
  const style = asText(node.style) ?? (place === 'query' || place === 'cookie' ? 'form' : 'simple');
  return {
    name,
    in: place,
    required: place === 'path' || node.required === true,
    description: asText(node.description),
    schema: mediaType === undefined ? (node.schema ?? {}) : (asNode(content[mediaType]).schema ?? {}),
    style,
    explode: typeof node.explode === 'boolean' ? node.explode : style === 'form',
    isJson: mediaType !== undefined,
  };
}

const isJsonType = (mediaType: string): boolean =>
  /^(?:application\/(?:[\w.+-]+\+)?json|\*\/\*)\b/i.test(mediaType);

function bodyOf(node: Node): ApiOperation['body'] {
  const content = asNode(node.content);
  const mediaTypes = Object.keys(content);
  // The values of a JSON Patch name what they change; the organisation is not searched for there.
  const json = mediaTypes.find((type) => isJsonType(type) && !/json-patch/i.test(type));
  const schema = json === undefined ? undefined : (asNode(content[json]).schema ?? {});
  return { required: node.required === true, schema, mediaTypes };
}

function replyOf(document: Node, responses: Node): unknown {
  for (const [status, raw] of Object.entries(responses)) {
    if (!/^2(?:\d\d|XX)$/i.test(status)) continue;
    const content = asNode(resolve(document, raw).content);
    const json = Object.keys(content).find(isJsonType);
    if (json !== undefined) return asNode(content[json]).schema ?? {};
  }
  return undefined;
}
