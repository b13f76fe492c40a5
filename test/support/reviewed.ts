import { expect } from 'vitest';
import { requestJson } from './http.ts';
import { startTwoTenants, type Tenant, type TestApp } from './start-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
export type Finding = any;

/** A reviewer that is never a finding itself, except for missing declarations of the operator. */
export async function startReviewed(app: TestApp, tenant: Tenant) {
  const reviewer = await app.mint(tenant, {
    name: 'reviewer',
    scopes: ['key:read', 'key:write'],
    expiresInDays: 3650,
  });
  const review = async (query = ''): Promise<readonly Finding[]> => {
    await app.services.keyUses.flush();
    const answer = await requestJson(`${app.url}/v1/keys/review${query}`, { key: reviewer.plaintext });
    expect(answer.status).toBe(200);
    return answer.body.findings;
  };
  return {
    review,
    /** What is found of one key, in the order of the answer. */
    async found(keyId: string, query = '') {
      return (await review(query)).filter((each: Finding) => each.key_id === keyId);
    },
  };
}

export async function startReview() {
  const app = await startTwoTenants({ seed: false });
  return { ...app, ...(await startReviewed(app, app.acme)) };
}

/** What the review does not ask about again. */
export const known = { owner: 'Ann', purpose: 'nightly', expiresInDays: 3650 } as const;
export const kindsOf = (findings: readonly Finding[]) => findings.map(({ finding }) => finding);
