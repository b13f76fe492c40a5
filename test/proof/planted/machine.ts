import type { PlantedBug } from './planted-bug.ts';

const cache = { proof: 'machine', test: 'nobody else can write what the program runs' };
const files = { proof: 'machine', test: 'no file of the stores' };

export const machineBugs: readonly PlantedBug[] = [
  {
    ...cache,
    name: 'folder-of-another-user-believed',
    harm: 'Another user of the machine makes the folder first, and their code runs as the operator.',
    file: 'src/config/own-folder.ts',
    find: 'if (owner !== uid && owner !== ROOT)',
    replace: 'if (owner === -1)',
  },
  {
    ...cache,
    name: 'cache-below-a-shared-folder',
    harm: 'Another user puts a folder of theirs in the place of one on the way to the cache.',
    file: 'src/server/compile-cache.ts',
    find: ' && isKept(dirname(folder), uid);',
    replace: ';',
  },
  {
    ...files,
    name: 'shared-data-folder-taken',
    harm: 'Another user of the machine puts a store of their own in the place of the operator’s.',
    file: 'src/cli/with-services.ts',
    find: 'if (loaded.ok && shared.length === 0) return loaded;',
    replace: 'if (loaded.ok) return loaded;',
  },
  {
    ...files,
    name: 'approvals-readable',
    harm: 'Every user of the machine reads, or writes, what the operator approved.',
    file: 'src/tool-sources/approved-tools.ts',
    find: '{ mode: 0o600, flush: true }',
    replace: '{ flush: true }',
  },
  {
    ...files,
    name: 'arguments-kept',
    harm: 'A secret in the arguments of a program lies in a file.',
    file: 'src/tool-sources/approved-tools.ts',
    find: "hash('sha256', place)",
    replace: "hash('sha256', '') + place",
  },
  {
    name: 'compaction-forgets-revocations',
    harm: 'A backup that is restored revives the keys that were revoked since.',
    file: 'db/sqlite/recovery/compact-ledger.ts',
    find: "line !== undefined && meaningOf(line) === 'nothing';",
    replace: "line !== undefined && ['nothing', 'revoke'].includes(String(meaningOf(line)));",
    proof: 'machine',
    test: 'a compacted ledger revives nothing',
  },
];
