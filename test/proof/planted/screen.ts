import type { PlantedBug } from './planted-bug.ts';

const approving = { proof: 'screen', test: 'asked to approve' };
const documents = { proof: 'screen', test: 'however a document' };

export const screenBugs: readonly PlantedBug[] = [
  {
    ...approving,
    name: 'tags-shown-raw',
    harm: 'An instruction in tag characters is plain to the model, and the operator who approves it sees nothing.',
    file: 'src/secrets/printable.ts',
    find: '`[^\\\\p{L}\\\\p{M}\\\\p{N}\\\\p{P}\\\\p{S} ]`,\n    `[\\\\p{Default_Ignorable_Code_Point}\\\\u2800]`,',
    replace: '`[^\\\\p{L}\\\\p{M}\\\\p{N}\\\\p{P}\\\\p{S}\\\\p{Cf} ]`,',
  },
  {
    ...approving,
    name: 'fillers-taken-for-letters',
    harm: 'A filler is a letter by its class and shown by nothing: two names look alike.',
    file: 'src/secrets/printable.ts',
    find: '    `[\\\\p{Default_Ignorable_Code_Point}\\\\u2800]`,\n',
    replace: '',
  },
  {
    ...approving,
    name: 'digest-shortened',
    harm: 'A kind and an evil list of tools with one digest are found in hours; the operator approves one and gets the other.',
    file: 'src/tool-sources/approved-tools.ts',
    find: 'offers.map(hashOf).sort()]));',
    replace: 'offers.map(hashOf).sort()])).slice(0, 16);',
  },
  {
    proof: 'screen',
    test: 'for every name',
    name: 'c1-raw-in-json',
    harm: 'A name with U+009B moves the cursor of whoever reads JSON at a terminal.',
    file: 'src/secrets/printable.ts',
    find: 'json.replaceAll(inJson, inJsonNotation);',
    replace: 'json;',
  },
  {
    proof: 'screen',
    test: 'a name with a character',
    name: 'unseen-names-kept',
    harm: 'Two keys whose names look alike are two keys, and an operator revokes the wrong one.',
    file: 'src/secrets/plain-text.ts',
    find: 'if (found !== undefined)\n        context',
    replace: 'if (found === "")\n        context',
  },
  {
    ...documents,
    name: 'document-not-pinned',
    harm: 'A platform that was taken over adds a DELETE and an instruction, and a restart serves them.',
    file: 'src/tool-sources/approved-tools.ts',
    find: '/^https?:\\/\\//.test(openapi);',
    replace: 'openapi === "";',
  },
  {
    ...documents,
    name: 'references-not-pinned',
    harm: 'An instruction is put into a schema that an operation refers to, and is served.',
    file: 'src/tool-sources/openapi/operation-offers.ts',
    find: 'const references = [...referencesFrom(said, memory)].sort();',
    replace: 'const references: string[] = [];',
  },
  {
    ...documents,
    name: 'tags-not-pinned',
    harm: 'An operation is moved under the tag of a lesser scope, and everybody may call it.',
    file: 'src/tool-sources/openapi/operation-offers.ts',
    find: '...{ method, path, tags, parameters, requestBody },',
    replace: '...{ method, path, parameters, requestBody },',
  },
];
