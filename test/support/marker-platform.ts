import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineTool, path } from '../../src/tool/public.ts';
import { json, queryOf, startRestPlatform } from './rest-platform.ts';

const Marker = z.object({ organization_id: z.string(), marker: z.string(), call: z.string() });

export const readMarker = defineTool({
  name: 'read_marker',
  title: 'Read the marker',
  description: 'What only this organisation knows.',
  scope: 'agent:read',
  effect: 'reads',
  input: z.strictObject({ call: z.string() }),
  output: z.object({ marker: z.string(), call: z.string() }),
  async handle({ call: asked }, { downstream }) {
    const { marker, call } = await downstream.get(path`/v1/marker`, { call: asked }, Marker);
    return { marker, call };
  },
});

/**
 * A platform that answers after up to 5 ms, for the organisation of the request; or for the one that
 * `mistakenFor` gives instead.
 */
export async function startMarkerPlatform(mistakenFor: (organizationId: string) => string = (id) => id) {
  const markers = new Map<string, string>();
  const platform = await startRestPlatform(async (call, response) => {
    const organization_id = mistakenFor(queryOf(call).get('organization_id') ?? '');
    await pause(Math.random() * 5);
    json(response, {
      organization_id,
      marker: markers.get(organization_id) ?? 'nobody',
      call: queryOf(call).get('call'),
    });
  });
  return { url: platform.url, markers };
}
