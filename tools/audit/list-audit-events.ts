import { z } from 'zod';
import { auditToWire, cutPage, defineTool, nextCursor, pageCursor, pageLimit } from '#tool';

/** Without `seq`: it counts the rows of all organisations, and would reveal how active the others are. */
const Event = z.object({
  kind: z.enum(['call', 'intent', 'failure', 'summary', 'checkpoint']),
  at: z.iso.datetime(),
  request_id: z.string(),
  organization_id: z.string().nullable(),
  tier: z.string(),
  key_id: z.string().nullable(),
  key_prefix: z.string().nullable(),
  user_id: z.string().nullable(),
  created_by: z.string().nullable(),
  on_behalf_of: z.string().nullable(),
  method: z.string(),
  target: z.string(),
  tool: z.string().nullable(),
  status: z.int(),
  error_code: z.string().nullable(),
  duration_ms: z.int(),
  client_address: z.string().nullable(),
  client_name: z.string().nullable(),
  era: z.string().nullable(),
  change: z.record(z.string(), z.unknown()).nullable().describe('What a mutation changed.'),
});

const toMs = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

export const listAuditEvents = defineTool({
  name: 'list_audit_events',
  title: 'List audit events',
  description:
    'Lists what was asked of the organisation, by which key, and how it was answered; newest first.',
  scope: 'audit:read',
  effect: 'reads',
  rest: 'GET /v1/audit',
  input: z.strictObject({
    key_prefix: z.string().min(1).max(64).optional().describe('Only what this key asked.'),
    tool: z.string().min(1).max(64).optional().describe('Only calls of this tool.'),
    code: z.string().min(1).max(64).optional().describe('Only answers with this error code.'),
    since: z.iso.datetime().optional().describe('Only from this instant on (UTC).'),
    until: z.iso.datetime().optional().describe('Only before this instant (UTC).'),
    limit: pageLimit,
    cursor: pageCursor,
  }),
  output: z.object({ events: z.array(Event), next_cursor: nextCursor }),
  async handle({ key_prefix, tool, code, since, until, limit, cursor }, { audit }) {
    const filter = { keyPrefix: key_prefix, tool, code, sinceMs: toMs(since), untilMs: toMs(until) };
    const found = await audit.list(filter, { limit: limit + 1, before: cursor });
    const { rows, next_cursor } = cutPage(found, limit, ({ position }) => position);
    return { events: rows.map(auditToWire), next_cursor };
  },
});
