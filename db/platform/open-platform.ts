import type { Downstream, DownstreamReply, DownstreamTerms } from '../../src/downstream/downstream.ts';
import { agentRoutes } from './agent-routes.ts';
import { type DemoProfile, seedDemo } from './demo/seed-demo.ts';
import { jobRoutes } from './job-routes.ts';
import { startJobRunner } from './job-runner.ts';
import { openPlatformDatabase } from './platform-database.ts';
import { researchGroupRoutes } from './research-group-routes.ts';
import { answerRequest, type PlatformRequest } from './router.ts';
import { studyRoutes } from './study-routes.ts';

/** Its replies name no organisation: it holds every row to the one in the query itself. */
const embeddedTerms: DownstreamTerms = {
  organization: { in: 'query', name: 'organization_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
};

export type EmbeddedPlatform = Omit<Downstream, 'send'> & {
  send(request: PlatformRequest): Promise<DownstreamReply>;
  /** Fills an organisation with its demo data, once; later calls change nothing. */
  seedDemo(organizationId: string, profile: DemoProfile): Promise<void>;
};

/** The platform without a network: its REST API on a SQLite file of its own. `file` is made where it is missing. */
export function openPlatform(file: string, { now }: { readonly now: () => number }): EmbeddedPlatform {
  const database = openPlatformDatabase(file);
  const runner = startJobRunner(database, now);
  const routes = [
    ...agentRoutes(database),
    ...researchGroupRoutes(database, now),
    ...studyRoutes(database, runner, now),
    ...jobRoutes(database, runner),
  ];
  return {
    terms: embeddedTerms,
    credentialFor: () => ({}),
    async send(request) {
      request.signal.throwIfAborted();
      return answerRequest(routes, request);
    },
    async close() {
      runner.stop();
      database.sqlite.close();
    },
    seedDemo: (organizationId, profile) => seedDemo(database, organizationId, profile, now()),
  };
}
