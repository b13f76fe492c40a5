import { randomBytes } from 'node:crypto';
import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import type { KeyFormat } from '../keys/key-format.ts';
import { expiryOf, makeKey } from '../keys/policy/new-key.ts';
import type { Organization } from '../organization.ts';
import { builtInScopes, type CanonicalSet } from '../scopes/scopes.ts';
import { createSecret } from '../secrets/secret.ts';
import type { NewOrganization, OrganizationStore } from './organization-store.ts';
import { newOrganization } from './provision.ts';

/** The first organisation, with the plaintext of its keys, which are shown once. */
export type Bootstrapped = {
  readonly organization: Organization;
  readonly defaultKey: string;
  readonly managerKey: string;
};

/** How a store without keys gets its first ones, without a secret in the configuration. */
export type Bootstrap = {
  /** Print it only where the operator reads. It is valid until the process ends or the first key exists. */
  readonly code: string;
  isOpen(): Promise<boolean>;
  /**
   * Requires that the bootstrap is open.
   *
   * @throws BOOTSTRAP_CLOSED
   */
  requireOpen(): Promise<void>;
  /**
   * Creates the first organisation. Of concurrent runs exactly one succeeds.
   *
   * @throws BOOTSTRAP_CLOSED; INVALID_TOKEN for a wrong code
   */
  run(
    request: { readonly name: string; readonly code: string },
    auditRow: (organization: Organization) => AuditRow,
  ): Promise<Bootstrapped>;
};

type BootstrapDeps = {
  readonly organizations: OrganizationStore;
  readonly format: KeyFormat;
  readonly defaultTtlDays: number;
  readonly now: () => number;
  /** False when the operator has another credential. */
  readonly offered: boolean;
  readonly code: string;
};

const CODE_BYTES = 20;

export const newBootstrapCode = (): string => randomBytes(CODE_BYTES).toString('base64url');

export function createBootstrap(deps: BootstrapDeps): Bootstrap {
  const { organizations, offered, code } = deps;
  const secret = createSecret(code);
  const isOpen = async () => offered && (await organizations.isBootstrapOpen());
  const requireOpen = async () => {
    if (!(await isOpen())) throw new AppError('BOOTSTRAP_CLOSED');
  };
  return {
    code,
    isOpen,
    requireOpen,
    async run(request, auditRow) {
      await requireOpen();
      if (!secret.matches(request.code)) {
        throw new AppError('INVALID_TOKEN', { detail: { reason: 'wrong bootstrap code' } });
      }
      let plaintexts = { defaultKey: '', managerKey: '' };
      const organization = await organizations.bootstrap((canon) => {
        const made = firstOrganization(request.name, canon, deps);
        plaintexts = made.plaintexts;
        return made;
      }, auditRow);
      return { organization, ...plaintexts };
    },
  };
}

function firstOrganization(
  name: string,
  canon: CanonicalSet,
  { format, defaultTtlDays, now }: BootstrapDeps,
) {
  const nowMs = now();
  const { organization, defaultKey } = newOrganization(
    { name, externalId: null, createdBy: 'bootstrap' },
    canon,
    format,
    nowMs,
  );
  const managerKey = makeKey(
    organization.id,
    {
      name: 'Manager key',
      scopeType: 'global',
      scopes: [...new Set([...canon.scopes, ...builtInScopes])],
      scopeSource: 'canonical+extra',
      canonicalVersion: canon.version,
      owner: 'operator',
      purpose: 'Manages the keys and people of the organisation',
      createdBy: 'bootstrap',
      expiresAtMs: expiryOf(undefined, defaultTtlDays, nowMs),
    },
    format,
    nowMs,
  );
  const made: NewOrganization = { organization, defaultKey, managerKey };
  return { ...made, plaintexts: { defaultKey: defaultKey.plaintext, managerKey: managerKey.plaintext } };
}
