import type { Downstream, DownstreamReply, DownstreamTerms } from '../../src/downstream/downstream.ts';
import { AppError } from '../../src/errors.ts';
import { isBusy, whileBusy } from '../sqlite/connection/busy.ts';
import { startJobRunner } from './data/job-runner.ts';
import { type DemoProfile, seedDemo } from './demo/seed-demo.ts';
import { openPlatformDatabase } from './platform-database.ts';
import { agentRoutes } from './routes/agent-routes.ts';
import { jobRoutes } from './routes/job-routes.ts';
import { researchGroupRoutes } from './routes/research-group-routes.ts';
import { answerRequest, type PlatformRequest } from './routes/router.ts';
import { studyRoutes } from './routes/study-routes.ts';

/** Replies need not name the organisation: every query selects its rows by it. */
const embeddedTerms: DownstreamTerms = {
  organization: { in: 'query', name: 'organization_id' },
  basePath: '',
  replyField: 'organization_id',
  requireOrganizationInReply: false,
};

type EmbeddedPlatform = Omit<Downstream, 'send'> & {
  send(request: PlatformRequest): Promise<DownstreamReply>;
  /** Fills an organisation with demo data, once. Later calls change nothing. */
  seedDemo(organizationId: string, profile: DemoProfile): Promise<void>;
};

type PlatformOptions = {
  readonly now: () => number;
  /** How long a request waits for another process's lock, in milliseconds. */
  readonly busyTimeoutMs: number;
};

/** The embedded platform: a REST API without a network, on its own SQLite file. Creates `file` if it does not exist. */
export function openPlatform(file: string, { now, busyTimeoutMs }: PlatformOptions): EmbeddedPlatform {
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
      try {
        return await whileBusy(busyTimeoutMs, () => {
          request.signal.throwIfAborted();
          return answerRequest(routes, request);
        });
      } catch (thrown) {
        throw isBusy(thrown) ? new AppError('DOWNSTREAM_FAILED', { cause: thrown }) : thrown;
      }
    },
    async close() {
      runner.stop();
      database.sqlite.close();
    },
    seedDemo: (organizationId, profile) => seedDemo(database, organizationId, profile, now()),
  };
}
