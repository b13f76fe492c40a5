import { writeConfig } from '../../support/fresh-start.ts';
import { type JsonAnswer, requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startServer } from '../../support/program.ts';

export type Send = (
  index: number,
  method: string,
  path: string,
  body?: object,
  organizationId?: string,
) => Promise<JsonAnswer>;

type Options = {
  readonly processes: number;
  readonly config?: Record<string, unknown>;
  readonly server?: Record<string, unknown>;
};

/** Proofs run beside each other on few cores: a start among many takes its time, in milliseconds. */
export const START_MS = 60_000;

/** Several `tenantry serve` on one store, each a process of its own on a port of its own. */
export async function startFleet({ processes, config = {}, server = {} }: Options) {
  const { dir, file } = writeConfig({ dataDir: '.', logLevel: 'error', ...config, server });
  const env = { TENANTRY_CONFIG: file, ADMIN_TOKEN };
  const members = await Promise.all(Array.from({ length: processes }, () => startServer(env, dir, START_MS)));
  const operator: Send = (index, method, path, body, organizationId) =>
    whenNotBusy(() =>
      requestJson(`${members[index % processes]?.url}${path}`, {
        method,
        body,
        key: ADMIN_TOKEN,
        headers: {
          'x-break-glass-reason': 'a proof',
          ...(organizationId !== undefined && { 'x-organization-id': organizationId }),
        },
      }),
    );
  return {
    dir,
    env,
    members,
    ports: members.map(({ url }) => Number(new URL(url).port)),
    /** With `ADMIN_TOKEN`, on the process of that index. */
    operator,
  };
}

export type Fleet = Awaited<ReturnType<typeof startFleet>>;

const MOST_TRIES = 500;

type Said = { readonly status: number; readonly body: string } | Pick<JsonAnswer, 'status' | 'text'>;

/** `STORE_BUSY` says to try again, and processes that write at once hear it now and then. Nothing else is excused. */
export const isBusy = (answer: Said): boolean =>
  answer.status === 503 && ('text' in answer ? answer.text : answer.body).includes('"STORE_BUSY"');

export async function whenNotBusy<T extends Said>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send();
    if (!isBusy(answer) || tries === MOST_TRIES) return answer;
  }
}

/** An organisation made by the operator, and a key that may manage the keys of others. */
export async function provideOrganization({ operator }: Fleet, name: string) {
  const made = await operator(0, 'POST', '/admin/organizations', { name });
  const { organization_id: id } = made.body.organization;
  const manager = await operator(
    1,
    'POST',
    '/v1/keys',
    { scope_type: 'global', name: 'manager', additional_scopes: ['key:read', 'key:write'] },
    id,
  );
  return {
    id: String(id),
    defaultKey: String(made.body.auth_token),
    manager: String(manager.body.auth_token),
  };
}
