import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineTool, path } from '../../src/tool/index.ts';
import { json, queryOf, startRestPlatform } from './rest-platform.ts';

const Canary = z.object({ organization_id: z.string(), canary: z.string(), call: z.string() });

export const readCanary = defineTool({
  name: 'read_canary',
  title: 'Read the canary',
  description: 'What only this organisation knows.',
  scope: 'agent:read',
  effect: 'reads',
  input: z.strictObject({ call: z.string() }),
  output: z.object({ canary: z.string(), call: z.string() }),
  async handle({ call: asked }, { downstream }) {
    const { canary, call } = await downstream.get(path`/v1/canary`, { call: asked }, Canary);
    return { canary, call };
  },
});

/**
 * A platform that answers after up to 5 ms, for whichever organisation the request was for; or for the one that
 * `mistakenFor` gives instead.
 */
export async function startCanaries(mistakenFor: (organizationId: string) => string = (id) => id) {
  const canaries = new Map<string, string>();
  const platform = await startRestPlatform(async (call, response) => {
    const organization_id = mistakenFor(queryOf(call).get('organization_id') ?? '');
    await pause(Math.random() * 5);
    json(response, {
      organization_id,
      canary: canaries.get(organization_id) ?? 'nobody',
      call: queryOf(call).get('call'),
    });
  });
  return { url: platform.url, canaries };
}
