import { attributedTo } from '../../attribution.ts';
import type { AuditSlot } from '../../audit/audit-slot.ts';
import type { OrganizationId } from '../../ids.ts';
import {
  changeGrants,
  type GrantRequest,
  type ManagedKeys,
  type ManageKeysDeps,
  manageKeys,
  requireKeyId,
} from '../../keys/manage-keys.ts';
import { operatorBy } from '../../principal.ts';
import type { Bootstrap, Bootstrapped } from '../../provisioning/bootstrap.ts';
import {
  type ManagedOrganizations,
  type ManageOrganizationsDeps,
  manageOrganizations,
} from '../../provisioning/manage-organizations.ts';

/** The keys of the operator, and the organisations that each may act for. */
type HostKeys = ManagedKeys & {
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
  const { mutate } = slot;
  const access = { principal: operatorBy('admin-token'), reach: 'all', mutate } as const;
  return {
    organizations: manageOrganizations(
      { actorName: 'admin-token', mutate: (_verb, write) => mutate(write) },
      deps.manageOrganizations,
    ),
    hostKeys: {
      ...manageKeys('operator', access, deps),
      grants: (keyId) => deps.keys.listGrants(requireKeyId(keyId, 'operator')),
      changeGrants: (keyId, change) => changeGrants(keyId, change, access, deps),
    },
  };
}

export function bindBootstrap(slot: AuditSlot, { bootstrap }: OperatorToolDeps): BootstrapContext {
  return {
    bootstrap: (request) =>
      slot.mutate((row) =>
        bootstrap.run(request, ({ id }) => {
          slot.note({ attribution: attributedTo('bootstrap') });
          return row({ organization: id }, id);
        }),
      ),
  };
}
