import { z } from 'zod';
import { defineTool, findingKinds, findingToWire, severities } from '#tool';

const time = z.iso.datetime().nullable();

const Finding = z.object({
  finding: z.enum(findingKinds),
  severity: z.enum(severities),
  summary: z.string(),
  key_id: z.string().nullable().describe('Null where the finding is about the organisation.'),
  prefix: z.string().nullable(),
  name: z.string().nullable(),
  owner: z.string().nullable(),
  age_days: z.int().nullable(),
  last_used_at: time,
  expires_at: time,
  scopes_unused: z.array(z.string()),
  scopes_missing: z.array(z.string()).describe('Of the canonical set of now.'),
  scopes_extra: z.array(z.string()).describe('Beyond the canonical set of now.'),
  action: z.string().describe('What to do, in one sentence.'),
  command: z.string().describe("The operator's command that does it."),
});

export const reviewKeys = defineTool({
  name: 'review_keys',
  title: 'Review keys',
  description:
    'Judges every key of the organisation by what it really did: unused, stale or expiring keys, scopes that were granted and never used, drift from the canonical set, missing owners; the worst first, each with what to do about it. Without key:write one sees their own keys alone.',
  scope: 'key:read',
  effect: 'reads',
  rest: 'GET /v1/keys/review',
  input: z.strictObject({
    unused_days: z
      .int()
      .min(1)
      .max(365)
      .default(30)
      .describe('Days without use after which a key or a scope counts as unused.'),
  }),
  output: z.object({ findings: z.array(Finding) }),
  handle: async ({ unused_days }, { keys }) => ({
    findings: (await keys.review(unused_days)).map(findingToWire),
  }),
});
