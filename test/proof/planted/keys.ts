import type { PlantedBug } from './planted-bug.ts';

/** Scopes, granting, the life of a key, and what a restore brings back. */
export const keyBugs: readonly PlantedBug[] = [
  {
    name: 'gate-on-one-face-only',
    harm: 'MCP asks for the scope and REST forgets to',
    file: 'src/tool/call-tool.ts',
    find: '  requireMayCall(caller, tool);\n',
    replace: '',
    proof: 'scopes',
  },
  {
    name: 'list-shows-every-tool',
    harm: 'a client is shown what it may not call',
    file: 'src/transport/tool-descriptors.ts',
    find: '.filter(({ tool }) => mayCall(caller, tool))',
    replace: '.filter(() => caller !== undefined)',
    proof: 'scopes',
  },
  {
    name: 'grants-more-than-held',
    harm: 'a key mints a wider one (LiteLLM CVE-2026-47101)',
    file: 'src/keys/scope-grant.ts',
    find: 'if (beyond.length > 0) throw',
    replace: 'if (beyond.length > granted.length) throw',
    proof: 'granting',
  },
  {
    name: 'grace-outlives-the-expiry',
    harm: 'rotating a key makes it live longer than it was to',
    file: 'src/keys/rotate.ts',
    find: 'Math.min(nowMs + graceMs[grace], expiresAtMs ?? never, graceUntilMs ?? never)',
    replace: 'nowMs + graceMs[grace]',
    proof: 'lifecycle',
  },
  {
    name: 'restore-revives-keys',
    harm: 'an older copy brings revoked keys back to life',
    file: 'db/settle-ledger.ts',
    find: 'applyChanges(database, changes, ',
    replace: 'applyChanges(database, [], ',
    proof: 'restore',
  },
  {
    name: 'lane-believes-the-body-alone',
    harm: 'a proxy that decides by headers lets through what the body says (MCP: Mcp-Method must match)',
    file: 'src/transport/proven-era.ts',
    find: "    headers['mcp-method'] === method &&\n",
    replace: '',
    proof: 'conformance',
  },
];
