import { isRecord } from '../../json.ts';
import { plainName } from '../organization/spelling.ts';

/** What a field says about the organisation: ours, another, or nothing. */
export type Said = 'own' | 'foreign' | 'nothing';

/**
 * What a field may hold. `id`: one id. `ids`: a list of ids. `word`: an id, or an organisation as an object. `object`:
 * an organisation as an object, or a list of them; a text there is its name.
 */
export type Role = 'id' | 'ids' | 'word' | 'object';

export const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** Whether the value is our id. A platform's id may be a number; one beyond JSON's exact integers never matches. */
export const isSame = (value: unknown, own: string): boolean =>
  typeof value === 'number' ? Number.isSafeInteger(value) && String(value) === own : value === own;

/** Judges a field's value by the field's role. */
export function judgeValue(value: unknown, own: string, role: Role): Said {
  if (isScalar(value)) {
    if (role === 'object' || (role === 'ids' && value === null)) return 'nothing';
    return isSame(value, own) ? 'own' : 'foreign';
  }
  if (role === 'ids') return Array.isArray(value) ? judgeIds(value, own) : judgeNoId(value, own);
  // Any other object in place of an id is foreign.
  return role === 'id' ? judgeNoId(value, own) : judgeObject(value, own);
}

const judgeNoId = (value: unknown, own: string): Said =>
  isSchema(value, own) || (Array.isArray(value) && value.length === 0) ? 'nothing' : 'foreign';

function judgeIds(list: readonly unknown[], own: string): Said {
  if (list.length === 0) return 'nothing';
  const isOurs = list.every((each) => isSame(each, own) || judgeObject(each, own) === 'own');
  return isOurs ? 'own' : 'foreign';
}

/** Fields of an organisation object that identify it. Its name does not. */
const identifying = /^(?:id|uuid|externalid|slug|key|code|login|handle)$/;
const isId = /^(?:id|uuid|externalid)$/;
/** Wrappers between the field and the object, as in JSON:API, GraphQL and paged lists. */
const holding = /^(?:data|items|nodes?|edges|results?|records|list|values?|attributes)$/;
const MOST_HOLDING = 4;

/**
 * Judges `organization: { id }`: ours when an identifying field is our id, foreign when its id is another. A list is
 * judged element by element.
 */
function judgeObject(value: unknown, own: string, holders = 0): Said {
  if (typeof value !== 'object' || value === null || holders > MOST_HOLDING) return 'nothing';
  if (Array.isArray(value)) return allOf(value.map((each) => judgeObject(each, own, holders + 1)));
  const fields = Object.entries(value).map(([key, inner]) => [plainName(key), inner] as const);
  if (fields.some(([plain, inner]) => identifying.test(plain) && isSame(inner, own))) return 'own';
  if (fields.some(([plain, inner]) => isId.test(plain) && !isSchema(inner, own))) return 'foreign';
  const held = fields.filter(([plain]) => holding.test(plain));
  return allOf(held.map(([, inner]) => judgeObject(inner, own, holders + 1)));
}

function allOf(said: readonly Said[]): Said {
  if (said.includes('foreign')) return 'foreign';
  return said.includes('own') ? 'own' : 'nothing';
}

const schemaWord =
  /^(?:\$ref|type|description|title|format|enum|const|default|examples?|nullable|readOnly|writeOnly|deprecated|anyOf|oneOf|allOf|not|items|pattern|minLength|maxLength|minimum|maximum|minItems|maxItems|uniqueItems|required|properties|additionalProperties|in|name|\$?comment|\$id|x-[\w-]{1,60})$/;
const schemaType =
  /^(?:string|integer|number|boolean|object|array|null|keyword|text|uuid|ulid|long|int|bigint|varchar|id)$/i;
const schemaPlace = /^#|schema|definitions|components|\$defs|\.json$/i;

/**
 * Whether a field holds a JSON Schema instead of a value: `organization_id: { type: "string" }`. A schema with another
 * organisation's `const`, `default` or `enum` counts as a value.
 */
function isSchema(value: unknown, own: string): boolean {
  if (!isRecord(value)) return false;
  const fields = new Map(Object.entries(value));
  if (fields.size === 0 || ![...fields.keys()].every((key) => schemaWord.test(key))) return false;
  const [type, place] = [fields.get('type'), fields.get('$ref')];
  if (type !== undefined && ![type].flat().every((each) => typeof each === 'string' && schemaType.test(each)))
    return false;
  if (place !== undefined && !(typeof place === 'string' && schemaPlace.test(place))) return false;
  const given = ['const', 'default', 'enum'].flatMap((key) => fields.get(key) ?? []);
  return given.every((each) => each === null || isSame(each, own));
}
