import type { Organization } from '../organization.ts';
import type { OrganizationStore } from './organization-store.ts';

const PAGE = 500;

/** Every organisation, deleted ones included, the oldest first; the store is asked a page at a time. */
export async function readAllOrganizations(
  organizations: Pick<OrganizationStore, 'list'>,
): Promise<readonly Organization[]> {
  const found: Organization[] = [];
  for (;;) {
    const page = await organizations.list({ limit: PAGE, afterId: found.at(-1)?.id });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
