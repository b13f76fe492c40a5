import type { PlantedBug } from './planted-bug.ts';

/** Ways in which a platform is not told whose request it is, or a reply about another organisation is believed. */
export const toldBugs: readonly PlantedBug[] = [
  {
    name: 'untold-served',
    harm: 'an operation without a place for the organisation is served with the credential of all',
    file: 'src/tool-sources/openapi/create-openapi-tools.ts',
    find: '  const told = sendable.filter((each) => isTold(document, each, terms));',
    replace: '  const told = sendable.filter((each) => isTold(document, each, terms) || true);',
    proof: 'told',
  },
  {
    name: 'untold-sent',
    harm: 'a request in which nothing could be written leaves all the same',
    file: 'src/downstream/organization/organization-location.ts',
    find: "  return location !== 'path';",
    replace: '  return true;',
    proof: 'told',
  },
  {
    name: 'open-schema-untold',
    harm: 'an upstream tool that takes any argument is told no organisation',
    file: 'src/tool-sources/mcp/plan-argument.ts',
    find: '  if (allowsText(schema, open)) return { isInjected: true };',
    replace: '  if (allowsText(schema, open)) return { isInjected: false };',
    proof: 'told',
  },
  {
    name: 'argument-in-another-form',
    harm: 'full width, or an i without a dot, names the organisation to a platform that normalises',
    file: 'src/downstream/organization/organization-name.ts',
    find: 'const text = isAscii(name) ? name : foldText(name);',
    replace: 'const text = name;',
    proof: 'told',
  },
  {
    name: 'external-id-by-case',
    harm: 'ACME stands beside acme, and a platform that folds case takes them for one',
    file: 'db/sqlite/stores/organization-store.ts',
    find: 'withExternalId(control, externalId) ?? withFoldedExternalId(control, externalId);',
    replace:
      'withExternalId(control, externalId) ?? (externalId === null ? withFoldedExternalId(control, null) : undefined);',
    proof: 'told',
  },
  {
    name: 'external-id-with-blanks',
    harm: '"acme " in a header is the organisation acme',
    file: 'src/provisioning/provision.ts',
    find: 'export const externalIdForm = /^[\\x21-\\x7e](?:[\\x20-\\x7e]{0,198}[\\x21-\\x7e])?$/;',
    replace: 'export const externalIdForm = /^[\\x20-\\x7e]{1,200}$/;',
    proof: 'told',
  },
  {
    name: 'reply-in-one-spelling',
    harm: 'organizationId of another organisation is shown, since only organization_id is looked at',
    file: 'src/downstream/reply/reply-names.ts',
    find: "      role = roles.get(plainName(key)) ?? 'none';",
    replace: "      role = roles.get(key.replaceAll('_', '')) ?? 'none';",
    proof: 'told-replies',
  },
  {
    name: 'text-unread',
    harm: 'JSON inside of a text may be about anybody',
    file: 'src/downstream/reply/require-own-reply.ts',
    find: "    if (typeof value === 'string') {\n",
    replace: "    if (typeof value === 'string' && texts < 0) {\n",
    proof: 'told-replies',
  },
  {
    name: 'text-unparsed-shown',
    harm: 'what is not JSON as a whole, such as a line or a code fence, is shown whatever it says',
    file: 'src/downstream/reply/reply-text.ts',
    find: '  const { values, rest, isWhole } = takeJson(trimmed);\n',
    replace: '  const { values, rest, isWhole } = takeJson(trimmed.slice(0, 0));\n',
    proof: 'told-replies',
  },
];
