import type { Attribution } from '../../attribution.ts';
import type { AppError } from '../../errors.ts';
import type { Principal } from '../../principal.ts';
import type { OrganizationSignals } from '../organization-signals.ts';
import type { Surface } from '../surface.ts';

/** Everything that identity reads of a request: raw headers, organisation signals, surface and client address. */
export type Presented = OrganizationSignals & {
  readonly surface: Surface;
  readonly clientAddress: string | null;
  /** The segment of `/workspaces/{workspace_id}/…` as sent; undefined on other paths. */
  readonly workspaceId: string | undefined;
  /** The organisation in a path of `/admin`, as sent; undefined when the path has none. */
  readonly adminOrganization: string | undefined;
};

/** An accepted principal, with a way to check again whether it is still accepted. */
export type Identified<P extends Principal = Principal> = {
  readonly principal: P;
  readonly attribution: Attribution;
  /** When the key expires or its grace ends, in milliseconds since 1970; null for no end. */
  readonly endOfLifeMs: number | null;
  /** Why the principal's next request would be refused; undefined when it would be accepted. Reads the store. */
  readonly refusalNow: () => Promise<AppError | undefined>;
};

/** One way to authenticate. It only reads: a refusal carries its attribution for the audit. */
export type Scheme = {
  /** Whether a request belongs to this scheme. At most one scheme claims a request, and its refusal is final. */
  claims(surface: Surface, credential: string | undefined): boolean;
  /**
   * Authenticates the request.
   *
   * @throws AppError with its attribution
   */
  identify(presented: Presented, credential: string): Promise<Identified>;
};
