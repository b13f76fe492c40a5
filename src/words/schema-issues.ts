import type { ErrorObject } from 'ajv';
import { unknownNames } from './did-you-mean.ts';
import { type InputIssue, nearestAlternative, oneOf, REQUIRED, sized, wrongType } from './issue.ts';

/** An error of a validator that was made with `verbose: true`. */
type SchemaError = ErrorObject;

/** What a validator of JSON Schemas found, in plain words. */
export function schemaIssues(errors: readonly SchemaError[]): readonly InputIssue[] {
  const unions = errors.filter(isUnion);
  // The issues of a union's alternatives come before the union itself, and are reported with it.
  const isWithin = (error: SchemaError): boolean =>
    unions.some((union) => error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`));
  return errors
    .filter((error) => !isWithin(error))
    .flatMap((error) => (isUnion(error) ? unionIssues(error, errors) : [issueOf(error)]));
}

const isUnion = ({ keyword, params }: SchemaError): boolean =>
  (keyword === 'anyOf' || keyword === 'oneOf') && !Array.isArray(params.passingSchemas);

function unionIssues(union: SchemaError, errors: readonly SchemaError[]): readonly InputIssue[] {
  const start = `${union.schemaPath}/`;
  const byAlternative = Map.groupBy(
    errors.filter(({ schemaPath }) => schemaPath.startsWith(start)),
    ({ schemaPath }) => schemaPath.slice(start.length).split('/')[0],
  );
  const here = pathOf(union.instancePath);
  const alternatives = [...byAlternative.values()].map((group) =>
    schemaIssues(group).map(({ path, expected }) => ({ path: below(here, path), expected })),
  );
  return nearestAlternative(alternatives).map(({ path, expected }) => ({ path: join(here, path), expected }));
}

const below = (here: string, path: string): string =>
  path === here ? '' : here === '' ? path : path.slice(here.length + 1);

const join = (...names: readonly string[]): string => names.filter((name) => name !== '').join('.');

/** `/body/a~1b` as `body.a/b` */
const pathOf = (pointer: string): string =>
  join(...pointer.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')));

function issueOf(error: SchemaError): InputIssue {
  const { keyword, params, instancePath } = error;
  const path = pathOf(instancePath);
  if (keyword === 'required' || keyword === 'dependentRequired')
    return { path: join(path, String(params.missingProperty)), expected: REQUIRED };
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const name = String(params.additionalProperty ?? params.unevaluatedProperty);
    return { path, expected: unknownNames([name], knownNames(error.parentSchema)) };
  }
  return { path, expected: wordsOf(error) };
}

const knownNames = (schema: ErrorObject['parentSchema']): readonly string[] =>
  typeof schema?.properties === 'object' && schema.properties !== null ? Object.keys(schema.properties) : [];

const kinds: Readonly<Record<string, string>> = {
  Length: 'string',
  Items: 'array',
  Properties: 'object',
};

const comparisons: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
};

function wordsOf({ keyword, params, data }: SchemaError): string {
  const [, bound, kind = ''] = /^(min|max)(Length|Items|Properties)$/.exec(keyword) ?? [];
  if (bound !== undefined)
    return `expected ${bound === 'min' ? 'at least' : 'at most'} ${sized(kinds[kind] ?? '', Number(params.limit))}`;
  switch (keyword) {
    case 'type':
      return wrongType([params.type].flat().map(String), data);
    case 'enum':
      return oneOf(Array.isArray(params.allowedValues) ? params.allowedValues : []);
    case 'const':
      return oneOf([params.allowedValue]);
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `expected ${comparisons[String(params.comparison)]} ${params.limit}`;
    case 'multipleOf':
      return `expected a multiple of ${params.multipleOf}`;
    case 'oneOf':
      return 'expected exactly one of its forms, and it has several';
    case 'propertyNames':
      return 'has a field whose name is not allowed';
    case 'contains':
      return 'lacks an item that is needed';
    default:
      return 'is not as the schema says';
  }
}
