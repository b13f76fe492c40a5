import type { Expected } from './arrival.ts';

/** A call, the same over REST, and what must arrive. */
export type Asked = {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Undefined where REST does not serve it. */
  readonly rest: string | undefined;
  readonly expected: Expected;
  /** The platform's id for the organisation; `acme` when left out. */
  readonly organization?: string;
};

type Question = (value: string) => Asked;

const ofDocument =
  (tool: string, method: string, more: object = {}): Question =>
  (id) => ({
    ...{ tool, args: { id, ...more }, rest: `/orgs/docs/${encodeURIComponent(id.toWellFormed())}` },
    expected: { method, segments: ['api', 'orgs', 'acme', 'docs', id], valueAt: 4 },
  });

const builtIn =
  (tool: string, argument: string, kind: string): Question =>
  (id) => ({
    ...{ tool, args: { [argument]: id }, rest: `/v1/${kind}/${encodeURIComponent(id.toWellFormed())}` },
    expected: { method: 'GET', segments: ['orgs', 'acme', 'v1', kind, id], valueAt: 4 },
  });

/** The built-in tools say that an id has at most 100 characters; longer values are the documents' alone. */
export const LONGEST_BUILT_IN = 100;

export const builtInQuestions: readonly Question[] = [
  builtIn('get_agent', 'agent_id', 'agents'),
  builtIn('get_study', 'study_id', 'studies'),
  builtIn('get_job', 'job_id', 'jobs'),
  builtIn('get_research_group', 'research_group_id', 'research-groups'),
];

export const documentQuestions: readonly Question[] = [
  ofDocument('p_get_doc', 'GET'),
  ofDocument('p_delete_doc', 'DELETE'),
  ofDocument('p_put_doc', 'PUT', { body: { title: 'x' } }),
  (id) => ({
    ...{ tool: 'q_get_note', args: { id }, rest: `/notes/${encodeURIComponent(id.toWellFormed())}` },
    expected: { method: 'GET', segments: ['api', 'notes', id], valueAt: 2 },
  }),
  (base) => ({
    ...{ tool: 'q_compare', args: { base, head: 'v2' }, rest: undefined },
    expected: { method: 'GET', segments: ['api', 'compare', `${base}...v2`], valueAt: 2 },
  }),
  (id) => ({
    tool: 'q_get_file',
    args: { workspace_id: 'ws_1', id },
    rest: `/workspaces/ws_1/files/${encodeURIComponent(id.toWellFormed())}`,
    expected: { method: 'GET', segments: ['api', 'workspaces', 'ws_1', 'files', id], valueAt: 4 },
  }),
];

/** Where any value that is refused alone may be refused as well: the halves of one side by side. */
export const pairQuestion: Question = (value) => {
  const middle = Math.ceil(value.length / 2);
  const args = { left: value.slice(0, middle), right: value.slice(middle) };
  const expected = { method: 'GET', segments: ['api', 'pairs', value], valueAt: 2 };
  return { tool: 'q_get_pair', args, rest: undefined, expected };
};

/** A parameter that takes slashes. */
export const treeQuestion: Question = (path) => ({
  ...{ tool: 'q_get_tree', args: { path }, rest: `/tree/${encodeURIComponent(path.toWellFormed())}` },
  expected: { method: 'GET', segments: ['api', 'tree', ...path.split('/')], valueAt: 2, isMany: true },
});

/** Ids of an organisation are printable ASCII, on every platform. */
export const isExternalId = (text: string): boolean =>
  /^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$/.test(text);

export const organizationQuestions: readonly Question[] = [
  (organization) => ({
    ...{ tool: 'p_delete_doc', args: { id: '9' }, rest: undefined, organization },
    expected: { method: 'DELETE', segments: ['api', 'orgs', organization, 'docs', '9'], valueAt: 2 },
  }),
  (organization) => ({
    ...{ tool: 'get_agent', args: { agent_id: '7' }, rest: undefined, organization },
    expected: { method: 'GET', segments: ['orgs', organization, 'v1', 'agents', '7'], valueAt: 1 },
  }),
];
