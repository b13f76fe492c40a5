import { TENANT_WORDS } from '../organization/organization-name.ts';
import { foldText, inAnyForm, plainName } from '../organization/spelling.ts';
import { judgeValue, type Role, type Said } from './organization-value.ts';
import { formsOf } from './scan/undo-escapes.ts';

/** The names under which a reply states its organisation. */
export type ReplyNames = {
  judge(key: string, value: unknown, own: string): Said;
  /** A cheap pre-check. Never false for a text that names an organisation. */
  mayBeIn(text: string): boolean;
  /** Whether a word, such as a column's header, is the name of an organisation's id. */
  isName(word: string): boolean;
  /** Regular expression sources: the names as texts write them, and the words for the organisation itself. */
  readonly inTexts: { readonly names: string; readonly words: string };
};

const MOST_KEYS = 5_000;
const LONGEST_KEY = 256;

/**
 * Words that can only mean a tenant. A generic name, such as the `id` of `?id=…`, is in every object and says nothing.
 */
const tenancy = new RegExp(`^${TENANT_WORDS}s?$`);
const isIdName = /^([\p{L}\p{N}]{3,})(?:id|slug|key|code)$/u;

const defaultNames = [
  'organization_id',
  'organisation_id',
  'x-organization-id',
  'x-organisation-id',
  'org_id',
];

/**
 * The names to check, in every spelling. With the default `field`, the names under which the platform is told count
 * too. With a configured `field`, only that one counts: the platform may have organisations that are no tenants.
 */
export function createReplyNames(field: string, told: readonly string[]): ReplyNames {
  const isDefault = plainName(field) === 'organizationid';
  const names = isDefault ? [...defaultNames, ...told.filter(isTelling)] : [field];
  const roles = rolesOf(names);
  const known = new Map<string, Role | 'none'>();
  const words = [...new Set(names.map(firstWord))];
  const mayBeIn = createHint(words);

  const roleOf = (key: string): Role | undefined => {
    let role = known.get(key);
    if (role === undefined) {
      role = roles.get(plainName(key)) ?? 'none';
      if (known.size >= MOST_KEYS) known.clear();
      if (key.length <= LONGEST_KEY) known.set(key, role);
    }
    return role === 'none' ? undefined : role;
  };
  return {
    judge(key, value, own) {
      const role = roleOf(key);
      return role === undefined ? 'nothing' : judgeValue(value, own, role);
    },
    mayBeIn,
    isName: (word) => word.length <= LONGEST_KEY && ['id', 'word'].includes(roleOf(word) ?? ''),
    inTexts: { names: names.map(inText).join('|'), words: words.join('|') },
  };
}

/** Runs on every text of every reply, so most texts must fail the first test. */
function createHint(words: readonly string[]): ReplyNames['mayBeIn'] {
  const plain = new RegExp(words.join('|'), 'i');
  const any = new RegExp(`${words.join('|')}|\\\\[ux]|%(?:25|[4-7])|&#|[^\\0-\\x7f]`, 'i');
  // Folding is slow. The first three letters in any form decide whether to fold.
  const forms = new RegExp(words.map((word) => inAnyForm(word.slice(0, 3))).join('|'), 'iu');
  return (text) => {
    if (!any.test(text)) return false;
    if (plain.test(text)) return true;
    const written = formsOf(text)?.at(-1);
    if (written === undefined || plain.test(written)) return true;
    return forms.test(written) && plain.test(foldText(written));
  };
}

/** Whether a name can only mean an organisation: `organization_id`, `org`, `X-Tenant-Id`. */
function isTelling(name: string): boolean {
  const plain = withoutX(plainName(name));
  return tenancy.test(plain) || isIdName.test(plain);
}

function rolesOf(names: readonly string[]): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const plain of names.map(plainName)) {
    const [, stem] = isIdName.exec(withoutX(plain)) ?? [];
    const role = stem === undefined ? 'word' : 'id';
    for (const each of [plain, withoutX(plain)]) roles.set(each, role);
    const others =
      stem === undefined
        ? []
        : ([
            [stem, 'object'],
            [`${stem}s`, 'object'],
            [`${plain}s`, 'ids'],
          ] as const);
    for (const [other, its] of others) if (!roles.has(other)) roles.set(other, its);
  }
  roles.delete('');
  return roles;
}

const withoutX = (plain: string): string => plain.replace(/^x(?=[\p{L}\p{N}]{3})/u, '');

/** `X-Tenant-Id` and `tenantId` give `tenant`, `id`. */
const wordsOf = (name: string): readonly string[] => {
  const words = foldText(name)
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  return words.length > 1 && words[0] === 'x' ? words.slice(1) : words;
};

const spelled = (word: string): string => word.replace(/^organi[sz]ation/, 'organi[sz]ation');

/** The word that every text with the name contains. */
const firstWord = (name: string): string => spelled(wordsOf(name)[0] ?? '').replace(/(?<=..)id$/, '');

/** The name's words with a few signs between them: `organization.id`, `organization": {"id`, `<organization><id>`. */
function inText(name: string): string {
  const words = wordsOf(name).flatMap((word) => {
    const stem = /^(\p{L}{3,})id$/u.exec(word)?.[1];
    return stem === undefined ? [word] : [stem, 'id'];
  });
  // `example.org/?id=1` is an address, not a field.
  const before = words[0] === 'org' ? '(?<![.@])' : '';
  return before + words.map(spelled).join(String.raw`(?:(?!\.\s)[^\p{L}\p{N}/?#]){0,8}`);
}
