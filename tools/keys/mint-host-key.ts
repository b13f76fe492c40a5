import { z } from 'zod';
import { defineOperatorTool, mintedToWire } from '#tool';
import { organizationIds } from './host-key.ts';
import { Minted, mintFields, toMintRequest } from './minting.ts';

export const mintHostKey = defineOperatorTool({
  name: 'mint_host_key',
  title: 'Mint a host key',
  description:
    'Makes a key for one process that calls for several organisations, and returns its plaintext once. Each request names its organisation; without a grant for it, it is refused.',
  access: 'admin-token',
  effect: 'writes',
  rest: 'POST /admin/host-keys',
  creates: true,
  input: z.strictObject({
    ...mintFields,
    organization_ids: organizationIds.describe('The organisations that it may act for; more can be granted.'),
  }),
  output: Minted,
  async handle({ organization_ids, ...input }, { hostKeys }) {
    const request = {
      ...toMintRequest(input),
      scopeType: 'host',
      organizationIds: organization_ids,
    } as const;
    return mintedToWire(await hostKeys.mint(request));
  },
});
