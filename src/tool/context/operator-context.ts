import type { AuditSlot } from '../audit/audit-slot.ts';
import type { OrganizationId } from '../ids.ts';
import {
  changeGrants,
  type GrantRequest,
  type ManagedKeys,
  type ManageKeysDeps,
  manageKeys,
  requireKeyId,
} from '../keys/manage-keys.ts';
import type { Bootstrap, Bootstrapped } from '../provisioning/bootstrap.ts';
import {
  type ManagedOrganizations,
  type ManageOrganizationsDeps,
  manageOrganizations,
} from '../provisioning/manage-organizations.ts';

/** The keys of the operator, and the organisations that each may act for. */
export type HostKeys = ManagedKeys & {
  grants(keyId: string): Promise<readonly OrganizationId[]>;
  changeGrants(keyId: string, change: GrantRequest): Promise<readonly OrganizationId[]>;
};

/** All that an operation of the operator reaches: organisations and host keys, and nothing that tenants keep. */
export type OperatorContext = {
  readonly organizations: ManagedOrganizations;
  readonly hostKeys: HostKeys;
};

/** All that the bootstrap reaches. */
export type BootstrapContext = {
  bootstrap(request: { readonly name: string; readonly code: string }): Promise<Bootstrapped>;
};

export type OperatorToolDeps = ManageKeysDeps & {
  readonly manageOrganizations: ManageOrganizationsDeps;
  readonly bootstrap: Bootstrap;
};

export function bindOperator(slot: AuditSlot, deps: OperatorToolDeps): OperatorContext {
  const { successRow, settled: committed } = slot;
  const author = {
    minter: { operator: 'admin-token' },
    onlyOf: null,
    row: (change: Readonly<Record<string, unknown>>) => successRow(change),
    committed,
  } as const;
  return {
    organizations: manageOrganizations(
      {
        name: 'admin-token',
        row: (_verb, organizationId, change) => successRow(change, organizationId),
        committed,
      },
      deps.manageOrganizations,
    ),
    hostKeys: {
      ...manageKeys('operator', author, deps),
      grants: (keyId) => deps.keys.listGrants(requireKeyId(keyId)),
      changeGrants: (keyId, change) => changeGrants(keyId, change, author, deps),
    },
  };
}

export function bindBootstrap(slot: AuditSlot, { bootstrap }: OperatorToolDeps): BootstrapContext {
  return {
    async bootstrap(request) {
      const made = await bootstrap.run(request, ({ id }) => {
        slot.learn({ known: firstOperator });
        return slot.successRow({ organization: id }, id);
      });
      slot.settled();
      return made;
    },
  };
}

const firstOperator = {
  tier: 'bootstrap',
  organizationId: null,
  keyId: null,
  keyPrefix: null,
  createdBy: null,
} as const;
