import { bootstrap } from './admin/bootstrap.ts';
import { createOrganization } from './admin/create-organization.ts';
import { deleteOrganization } from './admin/delete-organization.ts';
import { getOrganization } from './admin/get-organization.ts';
import { listOrganizations } from './admin/list-organizations.ts';
import { resumeOrganization } from './admin/resume-organization.ts';
import { suspendOrganization } from './admin/suspend-organization.ts';
import { getAgent } from './agents/get-agent.ts';
import { searchAgents } from './agents/search-agents.ts';
import { listAuditEvents } from './audit/list-audit-events.ts';
import { addGroupMember } from './groups/add-group-member.ts';
import { createGroup } from './groups/create-group.ts';
import { deleteGroup } from './groups/delete-group.ts';
import { getGroup } from './groups/get-group.ts';
import { listGroups } from './groups/list-groups.ts';
import { removeGroupMember } from './groups/remove-group-member.ts';
import { updateGroup } from './groups/update-group.ts';
import { getJob } from './jobs/get-job.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { createOrgToken } from './keys/create-org-token.ts';
import { getHostKey } from './keys/get-host-key.ts';
import { getKey } from './keys/get-key.ts';
import { grantHostKey } from './keys/grant-host-key.ts';
import { listHostKeys } from './keys/list-host-keys.ts';
import { listKeys } from './keys/list-keys.ts';
import { listOrgTokens } from './keys/list-org-tokens.ts';
import { mintHostKey } from './keys/mint-host-key.ts';
import { mintKey } from './keys/mint-key.ts';
import { reviewKeys } from './keys/review-keys.ts';
import { revokeHostKey } from './keys/revoke-host-key.ts';
import { revokeKey } from './keys/revoke-key.ts';
import { revokeOrgToken } from './keys/revoke-org-token.ts';
import { rotateHostKey } from './keys/rotate-host-key.ts';
import { rotateKey } from './keys/rotate-key.ts';
import { updateHostKey } from './keys/update-host-key.ts';
import { updateKey } from './keys/update-key.ts';
import { withdrawHostKey } from './keys/withdraw-host-key.ts';
import { addMember } from './members/add-member.ts';
import { getMember } from './members/get-member.ts';
import { listMembers } from './members/list-members.ts';
import { removeMember } from './members/remove-member.ts';
import { updateMember } from './members/update-member.ts';
import { listScopes } from './organization/list-scopes.ts';
import { whoami } from './organization/whoami.ts';
import { createResearchGroup } from './research-groups/create-research-group.ts';
import { getResearchGroup } from './research-groups/get-research-group.ts';
import { listResearchGroups } from './research-groups/list-research-groups.ts';
import { createStudy } from './studies/create-study.ts';
import { getStudy } from './studies/get-study.ts';
import { listStudies } from './studies/list-studies.ts';

/** Tools for a platform with agents, studies and jobs. `builtinTools: false` removes them. */
export const platformTools = [
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
] as const;

/** Tools for keys, people and the audit. They are always served. */
export const managementTools = [
  listKeys,
  getKey,
  mintKey,
  rotateKey,
  updateKey,
  revokeKey,
  reviewKeys,
  listAuditEvents,
  listMembers,
  getMember,
  addMember,
  updateMember,
  removeMember,
  listGroups,
  getGroup,
  createGroup,
  updateGroup,
  deleteGroup,
  addGroupMember,
  removeGroupMember,
  listScopes,
  createOrgToken,
  listOrgTokens,
  revokeOrgToken,
] as const;

/** Every tool, in the order in which clients list them. Maintained by hand. */
export const tools = [whoami, ...platformTools, ...managementTools] as const;

/** Operations of the operator: on REST only, with `ADMIN_TOKEN` or the bootstrap code. */
export const operatorTools = [
  bootstrap,
  createOrganization,
  listOrganizations,
  getOrganization,
  suspendOrganization,
  resumeOrganization,
  deleteOrganization,
  mintHostKey,
  listHostKeys,
  getHostKey,
  rotateHostKey,
  updateHostKey,
  revokeHostKey,
  grantHostKey,
  withdrawHostKey,
] as const;
