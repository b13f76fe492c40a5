import { isoTime } from '../iso-time.ts';
import type { Member, PermissionGroup } from './member.ts';

/** A member as the outside sees them. */
export const memberToWire = ({ userId, name, email, role, active, createdAtMs }: Member) => ({
  user_id: userId,
  name,
  email,
  role,
  active,
  created_at: isoTime(createdAtMs),
});

/** A group as the outside sees it; `members` are the ids of its people. */
export const groupToWire = ({ id, name, permissions, members, createdAtMs }: PermissionGroup) => ({
  group_id: id,
  name,
  permissions: [...permissions],
  members: [...members],
  created_at: isoTime(createdAtMs),
});
