import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { json } from '../../support/rest-platform.ts';

/** A request as it came: the target is undecoded. */
export type Sighting = { readonly method: string; readonly target: string };

const at = '2026-11-20T00:00:00.000Z';
const status = 'completed';
const named = { name: 'x', description: null, created_at: at };

/** The requests of the built-in tools, for the organisation in the path. */
const things: Readonly<Record<string, (id: string) => object>> = {
  agents: (agent_id) => ({
    agent: { ...{ agent_id, name: 'x', age: 1, gender: 'x', country: 'DE' }, ...words, tags: [] },
  }),
  studies: (study_id) => ({ study: { ...named, study_id, objective: 'x', research_group_id: 'x', status } }),
  jobs: (job_id) => ({
    job: { job_id, kind: 'x', status, progress: 100, study_id: null, created_at: at, finished_at: at },
  }),
  'research-groups': (research_group_id) => ({
    research_group: { ...named, research_group_id, agent_count: 1 },
  }),
};
const words = { city: 'x', occupation: 'x', biography: 'x' };

/**
 * A platform that serves the organisations `acme` and `bolt`, and does what a decoded path says: it reads, writes and
 * deletes documents, and has `/internal/users`, which nobody was given. It keeps each request under its id.
 */
export async function startPlatform() {
  const seen = new Map<string, Sighting>();
  const documents = new Map(['acme', 'bolt'].map((id) => [id, new Set(['7', '8'])]));
  const server = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
    const { method = '', url = '' } = request;
    seen.set(String(request.headers['x-request-id']), { method, target: url });
    request.resume().on('end', () => answer(method, url, documents, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    /** What arrived under this request id; each is given once. */
    take(requestId: string): Sighting | undefined {
      const found = seen.get(requestId);
      seen.delete(requestId);
      return found;
    },
    /** Requests of which nobody asked yet. */
    left: () => [...seen.values()],
    documentsOf: (organization: string) => [...(documents.get(organization) ?? [])],
  };
}

function answer(
  method: string,
  target: string,
  documents: ReadonlyMap<string, Set<string>>,
  response: ServerResponse,
): void {
  const [path = ''] = new URL(target, 'http://platform.invalid').pathname.split('?');
  const [kind = '', id = ''] = path.split('/').slice(-2).map(plain);
  const [, organization = ''] = /^\/(?:api\/)?orgs\/([^/]+)\/docs\//.exec(path) ?? [];
  if (method === 'DELETE') documents.get(organization)?.delete(id);
  if (method === 'PUT') documents.get(organization)?.add(id);
  json(response, things[kind]?.(id) ?? { kind, id });
}

const plain = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
