import { getAgent } from './agents/get-agent.ts';
import { searchAgents } from './agents/search-agents.ts';
import { listAuditEvents } from './audit/list-audit-events.ts';
import { getJob } from './jobs/get-job.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { createOrgToken } from './keys/create-org-token.ts';
import { getKey } from './keys/get-key.ts';
import { listKeys } from './keys/list-keys.ts';
import { listOrgTokens } from './keys/list-org-tokens.ts';
import { mintKey } from './keys/mint-key.ts';
import { revokeKey } from './keys/revoke-key.ts';
import { revokeOrgToken } from './keys/revoke-org-token.ts';
import { listScopes } from './organization/list-scopes.ts';
import { whoami } from './organization/whoami.ts';
import { createResearchGroup } from './research-groups/create-research-group.ts';
import { getResearchGroup } from './research-groups/get-research-group.ts';
import { listResearchGroups } from './research-groups/list-research-groups.ts';
import { createStudy } from './studies/create-study.ts';
import { getStudy } from './studies/get-study.ts';
import { listStudies } from './studies/list-studies.ts';

/** Every tool, by hand, in the order in which clients list them. */
export const tools = [
  whoami,
  searchAgents,
  getAgent,
  listResearchGroups,
  getResearchGroup,
  createResearchGroup,
  listStudies,
  getStudy,
  createStudy,
  listJobs,
  getJob,
  listKeys,
  getKey,
  mintKey,
  revokeKey,
  listAuditEvents,
  listScopes,
  createOrgToken,
  listOrgTokens,
  revokeOrgToken,
] as const;
