/** The only door for tools: all that a tool may import of the program, published as `tenantry/tool`. */
export { auditToWire } from '../audit/audit-wire.ts';
export { path } from '../downstream/path.ts';
export { AppError } from '../errors.ts';
export { isoTimeOrNull } from '../iso-time.ts';
export { keyStatuses } from '../keys/key-record.ts';
export { keepItWarning, keepThemWarning, keyToWire, mintedToWire, rotatedToWire } from '../keys/key-wire.ts';
export { type MintRequest, requireMintRole } from '../keys/mint.ts';
export { findingKinds, severities } from '../keys/review.ts';
export { findingToWire } from '../keys/review-wire.ts';
export { graces } from '../keys/rotate.ts';
export { memberRoles } from '../members/member.ts';
export { groupToWire, memberToWire } from '../members/member-wire.ts';
export { organizationStatuses } from '../organization.ts';
export { organizationToWire } from '../provisioning/manage-organizations.ts';
export { defineOperatorTool, type OperatorTool } from './define-operator-tool.ts';
export { defineTool, type Tool, type ToolDefinition } from './define-tool.ts';
export { cutPage, nextCursor, pageCursor, pageLimit } from './page.ts';
export type { Progress, ToolContext } from './tool-context.ts';
