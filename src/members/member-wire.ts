import { isoTime } from '../time.ts';
import type { Member, PermissionGroup } from './member.ts';

/** A member on the wire. */
export const memberToWire = ({ userId, name, email, role, active, createdAtMs }: Member) => ({
  user_id: userId,
  name,
  email,
  role,
  active,
  created_at: isoTime(createdAtMs),
});

/** A group on the wire. `members` are user ids. */
export const groupToWire = ({ id, name, permissions, members, createdAtMs }: PermissionGroup) => ({
  group_id: id,
  name,
  permissions: [...permissions],
  members: [...members],
  created_at: isoTime(createdAtMs),
});
