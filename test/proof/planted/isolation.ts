import type { PlantedBug } from './planted-bug.ts';

/** Ways in which tenants get mixed up: a predicate that one author forgot, a cache that knows no organisation. */
export const isolationBugs: readonly PlantedBug[] = [
  {
    name: 'agent-of-anyone',
    harm: 'the platform finds an agent by its id alone, so that others can tell which ids exist',
    file: 'db/platform/routes/agent-routes.ts',
    find: 'WHERE a.organization_id = ? AND a.agent_id = ?`',
    replace: "WHERE ? <> '' AND a.agent_id = ?`",
    proof: 'isolation',
  },
  {
    name: 'jobs-of-everyone',
    harm: 'the list of jobs holds those of every organisation',
    file: 'db/platform/data/jobs.ts',
    find: ".where(and(own, lt(jobs.id, sql.placeholder('before'))))",
    replace: ".where(lt(jobs.id, sql.placeholder('before')))",
    proof: 'isolation',
  },
  {
    name: 'search-of-everyone',
    harm: 'a search finds the agents of every organisation',
    file: 'db/platform/data/search-agents.ts',
    find: "const where = ['a.organization_id = @organizationId', 'a.id < @before',",
    replace: "const where = ['a.id < @before',",
    proof: 'isolation',
  },
  {
    name: 'group-with-agents-of-anyone',
    harm: 'creating a research group tells whether another organisation has the agent',
    file: 'db/platform/data/research-groups.ts',
    find: 'const where = and(eq(agents.organizationId, organizationId), listed);',
    replace: "const where = organizationId === '' ? undefined : listed;",
    proof: 'isolation',
  },
  {
    name: 'key-of-anyone',
    harm: 'a key is shown, changed and revoked by its id, whoever it belongs to',
    file: 'db/sqlite/rows/key-rows.ts',
    find: 'and(ofKeyspace(keyspace), eq(keys.id, assertKeyId(keyId)), isShown);',
    replace: 'and(keyspace === undefined ? undefined : isShown, eq(keys.id, assertKeyId(keyId)));',
    proof: 'isolation',
  },
  {
    name: 'foreign-key-tells',
    harm: 'revoking a key of another organisation fails in another way than revoking one that does not exist',
    file: 'db/sqlite/stores/key-store.ts',
    find: `        const asking = readActorKey(control, keyspace, actor);
        if (current === undefined) return undefined;`,
    replace: `        const asking = readActorKey(control, keyspace, actor);
        const held = drizzle(control).select({ id: keys.id }).from(keys).where(eq(keys.id, keyId)).get();
        if (current === undefined && held !== undefined) throw new Error('a key of another organisation');
        if (current === undefined) return undefined;`,
    proof: 'isolation',
  },
  {
    name: 'audit-of-everyone',
    harm: 'an organisation reads the audit of all',
    file: 'db/sqlite/stores/audit-trail.ts',
    find: 'list(eq(audit.organizationId, assertOrganizationId(organizationId)), filter, page),',
    replace: 'list(assertOrganizationId(organizationId) ? undefined : undefined, filter, page),',
    proof: 'isolation',
  },
  {
    name: 'member-of-anyone',
    harm: 'people of another organisation are shown and changed by their id',
    file: 'db/sqlite/rows/member-rows.ts',
    find: 'and(membersOf(organizationId), eq(memberships.userId, assertUserId(userId)));',
    replace: 'and(organizationId ? undefined : undefined, eq(memberships.userId, assertUserId(userId)));',
    proof: 'isolation',
  },
  {
    name: 'groups-of-everyone',
    harm: 'the list of permission groups holds those of every organisation',
    file: 'db/sqlite/stores/group-store.ts',
    find: '.where(and(groupsOf(organizationId), after))',
    replace: '.where(after)',
    proof: 'isolation',
  },
  {
    name: 'header-beats-key',
    harm: 'whoever names another organisation in the header speaks for it',
    file: 'src/identity/schemes/api-key.ts',
    find: 'const principal = principalOf(found.key, organization, membership, deps.permissionRules);',
    replace:
      'const principal = principalOf(found.key, { ...organization, id: namedOrganizations(presented, attributionOfKey(found.key, "none"))[0] ?? organization.id }, membership, deps.permissionRules);',
    proof: 'isolation',
  },
  {
    name: 'url-beside-header-unread',
    harm: 'where a header names the organisation, the URL may name another',
    file: 'src/identity/organization-signals.ts',
    find: 'const present = signals.urlSegment === undefined ? headers : [...headers, signals.urlSegment];',
    replace:
      'const present = headers.length > 0 || signals.urlSegment === undefined ? headers : [signals.urlSegment];',
    proof: 'isolation',
  },
  {
    name: 'grant-of-anyone',
    harm: 'a host key acts for organisations that were granted to another',
    file: 'db/sqlite/rows/host-grants.ts',
    find: `        eq(hostGrants.keyId, sql.placeholder('keyId')),
        eq(hostGrants.organizationId`,
    replace: `        sql\`\${sql.placeholder('keyId')} IS NOT NULL\`,
        eq(hostGrants.organizationId`,
    proof: 'isolation',
  },
  {
    name: 'cursor-of-any-organisation',
    harm: 'a host key goes on in one organisation where a page of another ended',
    file: 'src/tool/call/cursor.ts',
    find: '[principal.organization.id, principal.subjectId, tool, question]',
    replace: '[principal.subjectId, tool, question]',
    proof: 'isolation',
  },
  {
    name: 'foreign-reply-shown',
    harm: 'a platform that answers for another organisation is believed',
    file: 'src/downstream/bound-downstream.ts',
    find: '    requireOwnReply(said, idAtPlatform, downstream.terms, locations.length > 0);\n',
    replace: '    void [said, requireOwnReply];\n',
    proof: 'isolation-callers',
  },
  {
    name: 'calls-joined',
    harm: 'calls with the same arguments at the same time are answered once for all who ask',
    file: 'src/tool/call/call-tool.ts',
    find: '    const handled = await settleOrAbort(tool.handle(opened, context), signal);',
    replace: `    const asked = tool.name + JSON.stringify(opened);
    const joined = ((globalThis as { joined?: Record<string, Promise<unknown>> }).joined ??= {});
    joined[asked] ??= tool.handle(opened, context).finally(() => delete joined[asked]);
    const handled = await settleOrAbort(joined[asked], signal);`,
    proof: 'isolation-callers',
  },
  {
    name: 'answers-by-rpc-id',
    harm: 'answers in flight are kept by the id of the JSON-RPC request, which callers choose',
    file: 'src/transport/mcp/tool-answer.ts',
    find: '    const output = await callTool(principal, { ...wanted, ...listener }, deps.callTool);',
    replace: `    const flying = ((globalThis as { flying?: Record<string, unknown> }).flying ??= {});
    const id = String(requestContext.rpcId);
    flying[id] ??= callTool(principal, { ...wanted, ...listener }, deps.callTool).finally(() => delete flying[id]);
    const output = (await flying[id]) as Record<string, unknown>;`,
    proof: 'isolation-callers',
  },
];
