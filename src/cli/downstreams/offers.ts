import type { McpSettings, OpenApiSettings } from '../../config/downstreams.ts';
import type { Environment } from '../../config/load-config.ts';
import { documentName, type Offer, offerOf, serverName } from '../../tool-sources/approved-tools.ts';

/** What a downstream offers at this moment. */
export type Offered = {
  readonly prefix: string;
  /** Under which it is approved. */
  readonly source: string;
  /** The approved texts; a changed one is shown. */
  readonly offers: readonly Offer[];
  /** Names of tools that nobody may call: they are neither shown nor approved. */
  readonly closed: ReadonlySet<string>;
  /** An offer as a person sees it. */
  readonly shown: (offer: Offer) => Offer;
};

/** Throws a sentence if it is not available. */
export function readOffers(
  settings: McpSettings | OpenApiSettings,
  env: Environment,
  tell: (line: string) => void,
): Promise<Offered> {
  return 'openapi' in settings ? readDocumentOffers(settings) : readServerOffers(settings, env, tell);
}

async function readServerOffers(
  settings: McpSettings,
  env: Environment,
  tell: (line: string) => void,
): Promise<Offered> {
  const { listUpstream } = await import('../../tool-sources/mcp/upstream.ts');
  const offers = (await listUpstream(settings, env, tell)).map(offerOf);
  return {
    prefix: settings.prefix,
    source: serverName(settings),
    offers,
    closed: new Set(),
    shown: (offer) => offer,
  };
}

async function readDocumentOffers(settings: OpenApiSettings): Promise<Offered> {
  const { readDocument } = await import('../../tool-sources/openapi/read-document.ts');
  const { chooseOperations } = await import('../../tool-sources/openapi/choose-operations.ts');
  const { offersOf, withReferences } = await import('../../tool-sources/openapi/operation-offers.ts');
  const document = await readDocument(settings.openapi);
  const { chosen } = chooseOperations(document, settings, new Set());
  const open = new Set(chosen.map(({ operation }) => operation.id));
  const all = offersOf(document, settings);
  return {
    prefix: settings.prefix,
    source: documentName(settings),
    offers: all.filter(({ name }) => open.has(name)),
    closed: new Set(all.map(({ name }) => name).filter((name) => !open.has(name))),
    shown: (offer) => withReferences(document, offer),
  };
}
