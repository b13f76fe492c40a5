import { tools } from '../../../tools/index.ts';
import type { Message } from './ask.ts';

/** What an id, a filter or a signal may name. */
export const things = [
  'agent',
  'research_group',
  'study',
  'job',
  'key',
  'user',
  'group',
  'prefix',
  'marker',
  'organization',
] as const;
export type Thing = (typeof things)[number];

/** Something that a caller can ask, about a thing that may be anybody's or nobody's. */
export type Question = {
  readonly name: string;
  readonly tool: string;
  /** Null for a list of everything; `cursor` for one that goes on where somebody's page ended. */
  readonly about: Thing | 'cursor' | null;
  /** Never asked about the caller's own: at the end all rows must be what they were. */
  readonly changes: boolean;
  readonly args: (id: string, own: Readonly<Record<Thing, readonly string[]>>) => object;
  /** The text in the answer about an absent thing, for a caller who may ask. */
  readonly absent: string;
  /** What says it on MCP instead of a call of the tool, with the same effect. */
  readonly message?: (id: string) => Message;
  /** How the organisation is named, where that is the question. */
  readonly signal?: 'header' | 'url' | 'url beside header';
  readonly weight: number;
};

type More = Partial<Pick<Question, 'name' | 'weight' | 'signal' | 'message'>>;
type Args = Question['args'];

const read = (tool: string, about: Thing, args: Args, absent = 'NOT_FOUND', more: More = {}): Question => ({
  name: tool,
  tool,
  about,
  changes: false,
  args,
  absent,
  weight: 4,
  ...more,
});
const change = (tool: string, about: Thing, args: Args, absent = 'NOT_FOUND', more: More = {}): Question => ({
  ...read(tool, about, args, absent, { weight: 2, ...more }),
  changes: true,
});

/** Small pages, so that each has another behind it. */
export const pageOf = { limit: 2 };
export const listed: Readonly<Record<string, string>> = {
  search_agents: 'agents',
  list_research_groups: 'research_groups',
  list_studies: 'studies',
  list_jobs: 'jobs',
  list_keys: 'keys',
  list_audit_events: 'events',
  list_members: 'members',
  list_groups: 'groups',
  list_org_tokens: 'tokens',
};

const lists = Object.keys(listed).flatMap((tool): Question[] => [
  { name: tool, tool, about: null, changes: false, args: () => pageOf, absent: '', weight: 2 },
  {
    name: `${tool} cursor`,
    tool,
    about: 'cursor',
    changes: false,
    args: (cursor) => ({ ...pageOf, cursor }),
    absent: 'INVALID_CURSOR',
    weight: 3,
  },
]);

const nobody = '"agents":[]';
const filters: Question[] = [
  read('search_agents', 'research_group', (research_group_id) => ({ research_group_id }), nobody, {
    name: 'search_agents in a group',
  }),
  read('search_agents', 'marker', (query) => ({ query }), nobody, { name: 'search_agents for a word' }),
  read('search_agents', 'marker', (tag) => ({ tags: [tag] }), nobody, { name: 'search_agents by tag' }),
  read('search_agents', 'marker', (occupation) => ({ occupation }), nobody, {
    name: 'search_agents by occupation',
  }),
  read('list_keys', 'user', (user_id) => ({ user_id }), '"keys":[]', { name: 'list_keys of a user' }),
];

const byId: Question[] = [
  read('get_agent', 'agent', (agent_id) => ({ agent_id })),
  read('get_research_group', 'research_group', (research_group_id) => ({ research_group_id })),
  read('get_study', 'study', (study_id) => ({ study_id })),
  read('get_job', 'job', (job_id) => ({ job_id })),
  read('get_key', 'key', (key_id) => ({ key_id }), 'KEY_NOT_FOUND'),
  read('get_member', 'user', (user_id) => ({ user_id })),
  read('get_group', 'group', (group_id) => ({ group_id })),
];

const first = (ids: readonly string[]): string => ids[0] ?? '';

const changes: Question[] = [
  change('revoke_key', 'key', (key_id) => ({ key_id }), 'KEY_NOT_FOUND'),
  change('rotate_key', 'key', (key_id) => ({ key_id }), 'KEY_NOT_FOUND'),
  change('update_key', 'key', (key_id) => ({ key_id, name: 'taken over' }), 'KEY_NOT_FOUND'),
  change('revoke_org_token', 'key', (id) => ({ id }), 'KEY_NOT_FOUND'),
  change(
    'mint_key',
    'user',
    (user_id) => ({ user_id, scope_type: 'user', name: 'for them' }),
    'INVALID_USER',
  ),
  change('create_study', 'research_group', (research_group_id) => ({
    name: 'Sleep',
    objective: 'Find out.',
    research_group_id,
    questions: ['Why?'],
  })),
  change('create_research_group', 'agent', (agent, own) => ({
    name: 'Mixed',
    agent_ids: [first(own.agent), agent],
  })),
  change('update_member', 'user', (user_id) => ({ user_id, active: false })),
  change('remove_member', 'user', (user_id) => ({ user_id })),
  change('update_group', 'group', (group_id) => ({ group_id, name: 'taken over' })),
  change('delete_group', 'group', (group_id) => ({ group_id })),
  change('add_group_member', 'group', (group_id, own) => ({ group_id, user_id: first(own.user) })),
  change(
    'add_group_member',
    'user',
    (user_id, own) => ({ group_id: first(own.group), user_id }),
    'NOT_FOUND',
    { name: 'add_group_member of a user' },
  ),
  change('remove_group_member', 'group', (group_id, own) => ({ group_id, user_id: first(own.user) })),
  change(
    'remove_group_member',
    'user',
    (user_id, own) => ({ group_id: first(own.group), user_id }),
    'NOT_FOUND',
    { name: 'remove_group_member of a user' },
  ),
];

const signals = (['header', 'url', 'url beside header'] as const).map(
  (signal): Question =>
    read('whoami', 'organization', () => ({}), 'ORGANIZATION_MISMATCH', {
      name: `whoami by ${signal}`,
      signal,
    }),
);

const reading = (tool: string, about: 'agent' | 'study'): Question =>
  read(tool, about, () => ({}), 'RESOURCE_NOT_FOUND', {
    name: `resource ${about}`,
    weight: 2,
    message: (id) => ({ method: 'resources/read', params: { uri: `${about}://${id}` } }),
  });

const completing = (about: 'agent' | 'study', typed: 'agent' | 'study' | 'marker'): Question =>
  read('search_agents', typed, () => ({}), '"values":[]', {
    name: `complete ${about} by ${typed}`,
    weight: 1,
    message: (value) => ({
      method: 'completion/complete',
      params: {
        ref: { type: 'ref/resource', uri: `${about}://{${about}_id}` },
        argument: { name: `${about}_id`, value },
      },
    }),
  });

const resources: Question[] = [
  reading('get_agent', 'agent'),
  reading('get_study', 'study'),
  completing('agent', 'marker'),
  completing('study', 'marker'),
  completing('study', 'study'),
];

/** They may read the whole audit of an organisation, so they are asked now and then. */
const ofAKey = read(
  'list_audit_events',
  'prefix',
  (key_prefix) => ({ key_prefix, ...pageOf }),
  '"events":[]',
  { name: 'list_audit_events of a key' },
);
const review = { ...read('review_keys', 'key', () => ({}), ''), about: null };
export const rarely: readonly Question[] = [ofAKey, ofAKey, ofAKey, review];

export const questions: readonly Question[] = [
  ...byId,
  ...lists,
  ...filters,
  ...changes,
  ...signals,
  ...resources,
];
/** Every tool that can show or change what is an organisation's; a new one joins a list above. */
export const unasked = (): string[] => {
  const asked = new Set([...questions, ...rarely].map(({ tool }) => tool));
  return tools.map(({ name }) => name).filter((name) => !asked.has(name) && !harmless.has(name));
};

/** They name nothing and show nothing that was there before. */
const harmless = new Set(['list_scopes', 'add_member', 'create_group', 'create_org_token']);
