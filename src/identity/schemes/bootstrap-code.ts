import { nobody } from '../../attribution.ts';
import { operatorBy } from '../../principal.ts';
import type { Bootstrap } from '../../provisioning/bootstrap.ts';
import { requireLocalPeer } from '../local-peer.ts';
import type { Scheme } from './scheme.ts';

export type BootstrapDeps = { readonly bootstrap: Pick<Bootstrap, 'requireOpen'> };

/**
 * The first operator, on this machine, while the store has no key. The code is in the body and is checked there; until
 * then the request has no attribution.
 *
 * @throws FORBIDDEN, BOOTSTRAP_CLOSED
 */
export const bootstrapCode = ({ bootstrap }: BootstrapDeps): Scheme => ({
  claims: (surface) => surface === 'bootstrap',
  async identify(presented) {
    requireLocalPeer(presented);
    await bootstrap.requireOpen();
    return {
      principal: operatorBy('bootstrap'),
      attribution: nobody,
      endOfLifeMs: null,
      refusalNow: async () => undefined,
    };
  },
});
