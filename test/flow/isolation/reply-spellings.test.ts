import { expect, test } from 'vitest';
import type { DownstreamTerms } from '../../../src/downstream/downstream.ts';
import { requireOwnReply } from '../../../src/downstream/reply/require-own-reply.ts';
import { AppError } from '../../../src/errors.ts';

const OWN = 'acme';
const B = 'org_B';

const termsWith = (more: Partial<DownstreamTerms> = {}): DownstreamTerms => ({
  organization: { in: 'query', name: 'organization_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
  ...more,
});

/** The code of the refusal, or `shown`. */
function outcomeOf(reply: unknown, terms = termsWith(), own = OWN): string {
  try {
    requireOwnReply(reply, own, terms);
    return 'shown';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

const each = (replies: readonly unknown[], terms?: DownstreamTerms, own?: string) =>
  replies.map((reply) => [reply, outcomeOf(reply, terms, own)]);
const all = (replies: readonly unknown[], code: string) => replies.map((reply) => [reply, code]);

test('the audit is told where a reply names another organisation, and never which one', () => {
  const reasons = [{ items: [{ Org_Id: B }] }, { note: `organization_id=${B}` }].map((reply) => {
    try {
      return requireOwnReply(reply, OWN, termsWith());
    } catch (error) {
      return error instanceof AppError ? error.detail : error;
    }
  });
  expect(reasons).toEqual([{ reason: 'the field "Org_Id"' }, { reason: 'a text of the reply' }]);
});

const foreign = [
  { organization_id: B },
  { organizationId: B },
  { Organization_ID: B },
  { organisation_id: B },
  { 'X-Organization-Id': B },
  { org_id: B },
  { ｏrganization_id: B },
  { organızation_id: B },
  { 'organization\u200b_id': B },
  { 'organi\u00adzation_id': B },
  { 'organization_i\u0307d': B },
  { 'ⓞrganization_id': B },
  { organization_id: 7 },
  { organization_id: [OWN] },
  { organization_id: null },
  { organization_id: `${OWN} ` },
  { organization_id: OWN.toUpperCase() },
  { organization: { id: B } },
  { organisation: { name: 'Bolt', id: B } },
  { organization: { id: B, parent_id: OWN } },
  { organization: { id: B, name: OWN } },
  { items: [{ organization_id: OWN }, { owner: { org: { id: B } } }] },
];

test('a field counts in every spelling, and so does an organisation as an object', () => {
  expect(each(foreign)).toEqual(all(foreign, 'TENANT_MISMATCH'));
  const deep = foreign.map((reply) => ({ organization_id: OWN, a: [{ b: reply }] }));
  expect(each(deep)).toEqual(all(deep, 'TENANT_MISMATCH'));
});

const wrap: Record<string, (json: string) => string> = {
  'as it is': (json) => json,
  'in lines': (json) => `{"n":1}\n${json}\n{"n":2}`,
  'behind a byte order mark': (json) => `\ufeff${json}`,
  'in a code fence': (json) => `Here:\n\`\`\`json\n${json}\n\`\`\``,
  'behind words': (json) => `Found 1: ${json}`,
  'as an event': (json) => `data: ${json}\n\n`,
  'as a text of JSON': (json) => JSON.stringify(json),
  'as a text in it': (json) => JSON.stringify({ result: JSON.stringify({ text: json }) }),
  'cut off': (json) => `{"items":[${json.slice(0, -1)}`,
  'with a comma too many': (json) => `${json.slice(0, -1)},}`,
};

test.each(Object.keys(wrap))('JSON inside of a text counts, %s', (how) => {
  for (const reply of [
    { organization_id: B },
    { organizationId: B, x: [] },
    { organization: { n: '', id: B } },
  ]) {
    const text = wrap[how]?.(JSON.stringify(reply));
    expect([how, text, outcomeOf({ content: [{ text }] })]).toEqual([how, text, 'TENANT_MISMATCH']);
    expect(outcomeOf([{ organization_id: OWN }, text])).toBe('TENANT_MISMATCH');
  }
  const own = wrap[how]?.(JSON.stringify({ organization_id: OWN, organization: { id: OWN } }));
  expect([how, own, outcomeOf({ organization_id: OWN, own })]).toEqual([how, own, 'shown']);
});

const texts = [
  `organization_id: bolt\nsecret: 1`,
  `organization:\n  id: ${B}`,
  `organization:\n  name: Bolt\n  id: ${B}`,
  `a=1 organization_id=${B} c=2`,
  `https://x.example/y?organization_id=${B}&c=2`,
  `<organization_id>${B}</organization_id>`,
  `<organization><id>${B}</id></organization>`,
  `<row organization_id="${B}" />`,
  `Organization ID: ${B}`,
  `**Organization ID:** \`${B}\``,
  `- organisationId = ${B}`,
  `X-Organization-Id: ${B}`,
  `{'organization_id': '${B}'}`,
  `Ticket(organization_id='${B}')`,
  `{\\"organization_id\\":\\"${B}\\"}`,
  `x {"\\u006frganization_id":"${B}"} y`,
  `&quot;organization_id&quot;:&quot;${B}&quot;`,
  `%22organization_id%22%3A%22${B}%22`,
  `ｏrganization_id: ${B}`,
  `organization_id: ${OWN}2`,
  `organization_id: ${OWN}-eu`,
  `for organization_id ${B}1`,
  `organization_id,name\n${OWN},x\n${B},y`,
  `"name","organization_id"\n"a, b","${B}"`,
  `name\torganization_id\nx\t${B}`,
  `| name | organization_id |\n|---|---|\n| x | ${B} |`,
  `| field | value |\n|---|---|\n| organization_id | ${B} |`,
];

test('a text that is no JSON and gives the field another value is held back', () => {
  expect(each(texts)).toEqual(all(texts, 'TENANT_MISMATCH'));
});

const shown = [
  { organization_id: OWN, organizationId: OWN, organization: { id: OWN } },
  { organization: { id: 9919, login: OWN } },
  { organization: 'Bolt Labs', org: 'Bolt', parent_organization_id: 'x' },
  ...texts
    .filter((text) => !text.includes(`${OWN}2`) && !text.includes(`${OWN}-eu`) && !text.includes('B}1'))
    .map((text) => text.replaceAll(/org_B1?|bolt/g, OWN)),
  'Set the organization_id header on each request.',
  'The `organization_id` field is required; "organization_id" and "tenant" are names.',
  'organization_id: The id of your organisation.',
  '`organization_id` (string): your id',
  'organization_id: string',
  'organizationId: string;',
  'organization_id: <your id>',
  'organization_id={organization_id}&x=$ORG',
  'organization_id = get_id()',
  'organization_id: null',
  'properties:\n  organization_id:\n    type: string\n',
  'Fields: name, organization_id, secret.',
  'field "organization_id" is missing',
  'Contact your organization. ID: 42',
  'https://example.org/?id=5 and https://a.org/id=5',
  'Organization ID\n\nThe id is 5',
  'organic: {"id": 5}',
];

test('our own id in any form is shown, and so is a sentence that only speaks of the field', () => {
  expect(each(shown)).toEqual(all(shown, 'shown'));
  const odd = 'customer 17/a';
  const ours = [
    'organization_id: customer 17/a',
    'x {"organization_id":"customer 17\\/a"} y',
    'organization_id=customer%2017%2Fa&x=1',
  ];
  expect(each(ours, termsWith(), odd)).toEqual(all(ours, 'shown'));
  expect(outcomeOf({ organization_id: 17 }, termsWith(), '17')).toBe('shown');
  expect(outcomeOf({ organization_id: 2 ** 60 }, termsWith(), String(2 ** 60))).toBe('TENANT_MISMATCH');
});

test('the names under which the platform is told count too, unless the operator named the field', () => {
  const told = termsWith({ organization: { in: 'query', name: 'tenant_id' }, otherNames: ['account_id'] });
  for (const reply of [{ tenantId: B }, { tenant: { id: B } }, { account_id: B }, { organization_id: B }])
    expect([reply, outcomeOf(reply, told)]).toEqual([reply, 'TENANT_MISMATCH']);
  expect(outcomeOf({ tenant_id: OWN, organization_id: OWN }, told)).toBe('shown');
  const named = termsWith({ replyField: 'tenant_id' });
  expect(outcomeOf({ TenantID: B }, named)).toBe('TENANT_MISMATCH');
  // A help desk has organisations that are its customers.
  expect(outcomeOf({ tenant_id: OWN, organization_id: 17 }, named)).toBe('shown');
  const general = termsWith({ organization: { in: 'path', name: 'id' } });
  expect(outcomeOf({ id: 7, name: 'x' }, general)).toBe('shown');
});

test('a text is never the name that a reply must have, and what cannot be looked into is held back', () => {
  const strict = termsWith({ requireOrganizationInReply: true });
  expect(outcomeOf({ organization: { id: OWN } }, strict)).toBe('shown');
  expect(outcomeOf({ text: JSON.stringify({ organization_id: OWN }) }, strict)).toBe('TENANT_MISMATCH');
  let wrapped = JSON.stringify({ organization_id: OWN });
  for (let layer = 0; layer < 6; layer += 1) wrapped = JSON.stringify([wrapped]);
  expect(outcomeOf([wrapped])).toBe('TENANT_MISMATCH');
  expect(outcomeOf(`organization ${'{"'.repeat(50_000)}`)).toBe('TENANT_MISMATCH');
});
