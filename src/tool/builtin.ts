/** What `#tool` is to the tools of this repository: all that is published, and what the program itself is made of. */
export { auditToWire } from '../audit/audit-wire.ts';
export { keyStatuses } from '../keys/key-record.ts';
export { keepItWarning, keepThemWarning, keyToWire, mintedToWire, rotatedToWire } from '../keys/key-wire.ts';
export { requireMintRole } from '../keys/policy/mint.ts';
export type { MintRequest } from '../keys/policy/mint-request.ts';
export { graces } from '../keys/policy/rotate.ts';
export { findingKinds, severities } from '../keys/review/finding.ts';
export { findingToWire } from '../keys/review/review-wire.ts';
export { memberRoles } from '../members/member.ts';
export { groupToWire, memberToWire } from '../members/member-wire.ts';
export { organizationStatuses } from '../organization.ts';
export { organizationToWire } from '../provisioning/manage-organizations.ts';
export { plainText } from '../secrets/plain-text.ts';
export { isoTimeOrNull } from '../time.ts';
export { defineOperatorTool, type OperatorTool } from './define-operator-tool.ts';
export * from './public.ts';
