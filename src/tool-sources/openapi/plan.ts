import type { OrganizationPlace } from '../downstream/downstream.ts';
import { asList, isNode, type Node, resolve } from '../json-schema/node.ts';
import { namesOrganization, plainName } from '../tool/gate.ts';
import type { ApiOperation, Parameter } from './list-operations.ts';

/** How an operation's arguments become a request. */
export type Plan = {
  readonly arguments: readonly { readonly argument: string; readonly parameter: Parameter }[];
  /** The schema of the argument `body`; undefined where there is no body. */
  readonly body: { readonly required: boolean; readonly schema: unknown } | undefined;
  /** Where the organisation is written: every place that the document has for it, else the configured one. */
  readonly organization: readonly OrganizationPlace[];
  /** Whether the document has it at all. */
  readonly hasOrganization: boolean;
};

export type Planned = { readonly plan: Plan } | { readonly reason: string };

/** Headers that are the connection's, the gateway's or ours; the specification ignores some of them itself. */
const notOurs =
  /^(?:accept|accept-encoding|authorization|content-type|content-length|cookie|host|connection|transfer-encoding|te|upgrade|x-request-id|traceparent|x-http-method.*|x-method-override|x-tenantry-.*|x-forwarded-.*|forwarded|via)$/i;

const styles: Readonly<Record<Parameter['in'], readonly string[]>> = {
  path: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: [],
};

/** Takes the organisation's parameter away, wherever the document has it; says why where no request can be made. */
export function planOperation(
  document: Node,
  operation: ApiOperation,
  configured: OrganizationPlace,
): Planned {
  const { name } = configured;
  const places: OrganizationPlace[] = [];
  const kept: Parameter[] = [];
  const rivals: Parameter[] = [];
  for (const parameter of operation.parameters) {
    if (isSameName(parameter, name) && parameter.in !== 'cookie') places.push({ in: parameter.in, name });
    else if (namesOrganization(parameter.name) || plainName(parameter.name) === plainName(name))
      rivals.push(parameter);
    else if (parameter.in !== 'header' || !notOurs.test(parameter.name)) kept.push(parameter);
  }
  const rival = rivals.find(({ required }) => required);
  if (rival !== undefined) return { reason: `its parameter "${rival.name}" names an organisation too` };
  const unspoken = kept.find((each) => each.required && !styles[each.in].includes(each.style));
  if (unspoken !== undefined) return { reason: `its parameter "${unspoken.name}" cannot be sent` };
  if (operation.body?.required && operation.body.schema === undefined) {
    return { reason: `its body is ${operation.body.mediaTypes.join(', ') || 'of no media type'}, not JSON` };
  }
  const body = operation.body?.schema === undefined ? undefined : operation.body;
  if (body !== undefined && names(document, body.schema, name, 0)) places.push({ in: 'body', name });
  const spoken = kept.filter((each) => styles[each.in].includes(each.style));
  return {
    plan: {
      arguments: nameArguments(spoken),
      body: body && { required: body.required, schema: body.schema },
      organization: places.length > 0 ? places : [configured],
      hasOrganization: places.length > 0,
    },
  };
}

/** Names of headers have no case. */
const isSameName = (parameter: Parameter, name: string): boolean =>
  parameter.in === 'header' ? parameter.name.toLowerCase() === name.toLowerCase() : parameter.name === name;

/** Names that clients take for arguments; one that is used twice says where it goes. */
function nameArguments(parameters: readonly Parameter[]): Plan['arguments'] {
  const taken = new Set(['body']);
  return parameters.map((parameter) => {
    const plain = parameter.name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 50);
    let argument = plain;
    for (let count = 1; taken.has(argument); count += 1) {
      argument = `${parameter.in}_${plain}${count === 1 ? '' : count}`;
    }
    taken.add(argument);
    return { argument, parameter };
  });
}

/** Whether the body, at its top, has a property of that name, in whatever part of its schema. */
function names(document: Node, schema: unknown, name: string, depth: number): boolean {
  const node = resolve(document, schema);
  if (isNode(node.properties) && Object.hasOwn(node.properties, name)) return true;
  if (depth > 5) return false;
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => asList(node[keyword]));
  return parts.some((part) => names(document, part, name, depth + 1));
}
