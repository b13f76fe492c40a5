import { isTakenOfPlatform } from '../../config/taken-headers.ts';
import type { OrganizationLocation } from '../../downstream/downstream.ts';
import { organizationNames } from '../../downstream/organization/organization-name.ts';
import type { Node } from '../../json-schema/node.ts';
import { propertiesOf } from '../../json-schema/properties.ts';
import type { ApiOperation, Parameter } from './list-operations.ts';

/** How an operation's arguments become a request. */
export type Plan = {
  readonly arguments: readonly { readonly argument: string; readonly parameter: Parameter }[];
  /** The schema of the argument `body`; undefined without a body. */
  readonly body: { readonly required: boolean; readonly schema: unknown } | undefined;
  /** Where the organisation is written: every location in the document, else the configured one. */
  readonly organization: readonly OrganizationLocation[];
  /** Whether the document itself has a location for the organisation. */
  readonly hasOrganization: boolean;
};

/** `rival`: the parameter that names an organisation by another name than the configured one. */
type Planned = { readonly plan: Plan } | { readonly reason: string; readonly rival?: string };

const styles: Readonly<Record<Parameter['in'], readonly string[]>> = {
  path: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: [],
};

/**
 * Plans a request without the organisation's parameter, which callers never give. A reason when no request can be made.
 */
export function planOperation(
  document: Node,
  operation: ApiOperation,
  configured: OrganizationLocation,
): Planned {
  const { name } = configured;
  const isOrganization = organizationNames([name]);
  const locations: OrganizationLocation[] = [];
  const kept: Parameter[] = [];
  const rivals: Parameter[] = [];
  for (const parameter of operation.parameters) {
    if (isSameName(parameter, name) && parameter.in !== 'cookie') locations.push({ in: parameter.in, name });
    else if (isOrganization(parameter.name)) rivals.push(parameter);
    else if (parameter.in !== 'header' || !isTakenOfPlatform(parameter.name)) kept.push(parameter);
  }
  const rival = rivals.find(({ required }) => required);
  if (rival !== undefined)
    return { reason: `its parameter "${rival.name}" names an organisation too`, rival: rival.name };
  const unspoken = kept.find((each) => each.required && !styles[each.in].includes(each.style));
  if (unspoken !== undefined) return { reason: `its parameter "${unspoken.name}" cannot be sent` };
  if (operation.body?.required && operation.body.schema === undefined) {
    return { reason: `its body is ${operation.body.mediaTypes.join(', ') || 'of no media type'}, not JSON` };
  }
  const body = operation.body?.schema === undefined ? undefined : operation.body;
  const fields = body === undefined ? [] : propertiesOf(document, body.schema);
  if (fields.some((field) => field.name === name)) locations.push({ in: 'body', name });
  const sendable = kept.filter((each) => styles[each.in].includes(each.style));
  return {
    plan: {
      arguments: nameArguments(sendable),
      body: body && { required: body.required, schema: body.schema },
      organization: locations.length > 0 ? locations : [configured],
      hasOrganization: locations.length > 0,
    },
  };
}

/** Header names are case-insensitive. */
const isSameName = (parameter: Parameter, name: string): boolean =>
  parameter.in === 'header' ? parameter.name.toLowerCase() === name.toLowerCase() : parameter.name === name;

/** Argument names that clients accept. A duplicate gets its location as a prefix. */
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
