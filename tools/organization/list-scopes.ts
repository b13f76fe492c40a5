import { z } from 'zod';
import { defineTool } from '#tool';

export const listScopes = defineTool({
  name: 'list_scopes',
  title: 'List scopes',
  description: 'Shows every scope that exists here, and the canonical set that a key carries by default.',
  scope: 'any',
  effect: 'reads',
  rest: 'GET /v1/scopes',
  protocol: 'rest',
  input: z.strictObject({}),
  output: z.object({
    catalogue: z.array(z.string()),
    canonical: z.object({ version: z.int(), scopes: z.array(z.string()) }),
  }),
  async handle(_input, { keys }) {
    const { catalogue, canon } = await keys.scopes();
    return { catalogue: [...catalogue], canonical: { version: canon.version, scopes: [...canon.scopes] } };
  },
});
