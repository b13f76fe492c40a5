import { requestJson } from './http.ts';
import type { TestApp } from './start-app.ts';

/** A token that the server takes: random, long, and not like a key. */
export const ADMIN_TOKEN = '9f2c41d07be85a6330e4c1d2f7b8a9650c3d1e2f4a5b69788c7d6e5f4a3b2c1d';

type Sent = {
  readonly method?: string;
  readonly body?: unknown;
  readonly organizationId?: string;
  readonly reason?: string | null;
  readonly token?: string;
};

/** One request with `ADMIN_TOKEN` and a reason, as an operator's script sends it. */
export const asOperator = ({ url }: Pick<TestApp, 'url'>, path: string, sent: Sent = {}) => {
  const { method, body, organizationId, reason = 'a test', token = ADMIN_TOKEN } = sent;
  return requestJson(url + path, {
    key: token,
    body,
    ...(method !== undefined && { method }),
    headers: {
      ...(reason !== null && { 'x-break-glass-reason': reason }),
      ...(organizationId !== undefined && { 'x-organization-id': organizationId }),
    },
  });
};
