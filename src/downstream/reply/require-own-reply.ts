import { AppError } from '../../errors.ts';
import { quoted } from '../../words/did-you-mean.ts';
import type { DownstreamTerms } from '../downstream.ts';
import { createBesideName, type Place } from './beside-name.ts';
import { createReplyNames, type ReplyNames } from './reply-names.ts';
import { readText } from './reply-text.ts';

const MOST_DEPTH = 100;
/** How many levels of JSON within texts of JSON are read. */
const MOST_TEXTS = 4;

type ReplyTerms = Pick<DownstreamTerms, 'replyField' | 'requireOrganizationInReply'> &
  Partial<DownstreamTerms>;

/** Each platform has one terms object for its lifetime. */
const namesByTerms = new WeakMap<ReplyTerms, ReplyNames>();

function namesOf(terms: ReplyTerms): ReplyNames {
  const known = namesByTerms.get(terms);
  if (known !== undefined) return known;
  const { replyField, organization, otherNames = [] } = terms;
  const told = organization === undefined ? otherNames : [organization.name, ...otherNames];
  const made = createReplyNames(replyField, told);
  namesByTerms.set(terms, made);
  return made;
}

/**
 * Requires that every object of a reply that names an organisation names this one, in any spelling, and that its texts
 * name no other. When the terms require a name, at least one object must name it, unless the reply is empty.
 *
 * @throws TENANT_MISMATCH
 * @throws DOWNSTREAM_FAILED for a reply that is nested too deeply to check
 */
export function requireOwnReply(
  reply: unknown,
  idAtPlatform: string,
  terms: ReplyTerms,
  wasTold = true,
): void {
  const { requireOrganizationInReply: isRequired, credentialPerOrganization = false } = terms;
  const isNamed = holdsOwnName(reply, idAtPlatform, namesOf(terms), 0);
  if (!isRequired || isNamed) return;
  const isEmpty = saysNothing(reply);
  // An empty reply discloses nothing. It is refused only when nothing but the reply keeps organisations apart.
  if (isEmpty && (wasTold || credentialPerOrganization)) return;
  const reason = isEmpty ? 'the reply is empty' : `no "${terms.replyField}" in the reply`;
  throw new AppError('TENANT_MISMATCH', {
    message:
      'The platform did not say for which organisation it answered; nothing is shown. Its operator can name the field (replyField), or set requireOrganizationInReply to false.',
    detail: { reason, setting: 'requireOrganizationInReply' },
  });
}

/**
 * Whether a reply holds no data: no list element, no text, no number except 0. `holdsOwnName` has bounded its depth.
 */
function saysNothing(reply: unknown): boolean {
  if (typeof reply === 'object' && reply !== null)
    return Array.isArray(reply) ? reply.length === 0 : Object.values(reply).every(saysNothing);
  return [undefined, null, 0, false, ''].some((nothing) => nothing === reply);
}

/**
 * The same check for a text that precedes the reply.
 *
 * @throws TENANT_MISMATCH when it names another organisation
 */
export function requireOwnWords(words: string, idAtPlatform: string, terms: ReplyTerms): void {
  requireOwnText(words, idAtPlatform, namesOf(terms), 0);
}

/**
 * Whether an object of `reply` names this organisation.
 *
 * @throws TENANT_MISMATCH when one names another
 */
function holdsOwnName(reply: unknown, own: string, names: ReplyNames, texts: number): boolean {
  let isNamed = false;
  const isBesideAnother = createBesideName(own, names);
  // An explicit stack instead of recursion, because the platform chooses the depth.
  const open: Place[] = [];
  const add = (value: unknown, holder: Place | undefined): void => {
    if (typeof value === 'string') {
      if (!names.mayBeIn(value)) return;
      if (holder !== undefined && names.isName(value) && isBesideAnother(holder))
        throw mismatchAt('a value beside the name of the organisation');
      requireOwnText(value, own, names, texts);
    }
    if (typeof value !== 'object' || value === null) return;
    const depth = (holder?.depth ?? 0) + 1;
    if (depth > MOST_DEPTH) throw new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'too deep' } });
    open.push({ value, depth, holder });
  };
  add(reply, undefined);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value } = next;
    if (Array.isArray(value)) {
      for (const inner of value) add(inner, next);
      continue;
    }
    for (const key of Object.keys(value)) {
      const inner = (value as Record<string, unknown>)[key];
      const said = names.judge(key, inner, own);
      if (said === 'foreign') throw mismatchAt(`the field ${quoted(key)}`);
      if (said === 'own') isNamed = true;
      add(inner, next);
    }
  }
  return isNamed;
}

/** Where the reply names another organisation; never which one. */
const mismatchAt = (where: string): AppError =>
  new AppError('TENANT_MISMATCH', { detail: { reason: where } });

/** A text never satisfies the required name: anyone may have written it. */
function requireOwnText(text: string, own: string, names: ReplyNames, texts: number): void {
  const { values, namesAnother } = readText(text, own, names);
  if (namesAnother || (values.length > 0 && texts === MOST_TEXTS)) {
    throw mismatchAt('a text of the reply');
  }
  for (const value of values) holdsOwnName(value, own, names, texts + 1);
}
