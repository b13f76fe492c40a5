import { operatorRow } from '../../src/audit/operator-row.ts';
import type { OrganizationStatus } from '../../src/organization.ts';
import type { Tenant, TestApp } from './start-app.ts';

/** Suspends, resumes or deletes an organisation, as the operator does. */
export async function setStatus(
  { services, now }: Pick<TestApp, 'services' | 'now'>,
  { id }: Tenant,
  status: OrganizationStatus,
): Promise<void> {
  const row = () => operatorRow({ tier: 'cli', target: `orgs ${status}`, organizationId: id, nowMs: now() });
  await services.store.organizations.setStatus(id, status, now(), row);
}
