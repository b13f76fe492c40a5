import { type Command, InvalidArgumentError } from 'commander';
import type { Groups } from '../members/manage-groups.ts';
import type { Permission, PermissionGroup } from '../members/member.ts';
import { groupToWire } from '../members/member-wire.ts';
import { printable } from '../printable.ts';
import { requireUndeleted } from './find-organization.ts';
import { listAll, operateMembers } from './operate-members.ts';
import { parseText } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { shortened } from './table.ts';
import { withServices } from './with-services.ts';

type OrgOption = JsonOption & { readonly org: string };
type CreateOptions = OrgOption & { readonly permissions?: readonly Permission[] };
type Done = (code: ExitCode) => void;

/** What is done to one group, given the words behind its id. */
type Act = {
  readonly description: string;
  /** The argument behind the group's id, where the command takes one. */
  readonly argument?: readonly [name: string, description: string];
  readonly told: string;
  readonly run: (groups: Groups, groupId: string, words: readonly string[]) => Promise<PermissionGroup>;
};

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;
const LONGEST_PERMISSIONS = 60;
const LONGEST_PERMISSION = 100;
const MOST_PERMISSIONS = 100;

const acts: Readonly<Record<string, Act>> = {
  grant: {
    description: 'Adds permissions to a group; its people hold them from their next request on.',
    argument: ['<permission...>', "in the platform's words, such as assets:write"],
    told: 'grants',
    run: (groups, groupId, words) =>
      groups.change(groupId, ({ permissions }) => ({ permissions: limited([...permissions, ...words]) })),
  },
  revoke: {
    description: 'Takes permissions from a group.',
    argument: ['<permission...>', 'that the group grants'],
    told: 'grants',
    run: (groups, groupId, words) =>
      groups.change(groupId, ({ permissions }) => ({
        permissions: permissions.filter((permission) => !words.includes(permission)),
      })),
  },
  'add-member': {
    description: 'Puts a member of the organisation into a group.',
    argument: ['<user_id>', 'usr_…'],
    told: 'has its new member; it grants',
    run: (groups, groupId, [userId = '']) => groups.addMember(groupId, userId),
  },
  'remove-member': {
    description: 'Takes a member out of a group.',
    argument: ['<user_id>', 'usr_…'],
    told: 'has a member less; it grants',
    run: (groups, groupId, [userId = '']) => groups.removeMember(groupId, userId),
  },
  delete: {
    description: 'Ends a group; its people lose what it granted.',
    told: 'is deleted; it granted',
    run: (groups, groupId) => groups.delete(groupId),
  },
};

export const registerGroups: Register = (program, runtime, done) => {
  const groups = program.command('groups').description("Manages an organisation's permission groups.");
  registerCreate(groups, runtime, done);
  registerList(groups, runtime, done);
  for (const [verb, act] of Object.entries(acts)) registerAct(groups, verb, act, runtime, done);
};

function registerCreate(groups: Command, runtime: Runtime, done: Done): void {
  groups
    .command('create')
    .description('Makes a permission group.')
    .argument('<name>', 'unique in the organisation', parseText(100))
    .requiredOption(...orgOption)
    .option('--permissions <list>', 'what its people may do, comma-separated', parsePermissions)
    .option(...jsonOption)
    .action(async (name: string, { json, org, permissions = [] }: CreateOptions) =>
      done(
        await withServices(runtime, async (services) => {
          await requireUndeleted(org, services);
          const operated = await operateMembers(org, 'groups create', services);
          const group = await operated.groups.create({ name, permissions });
          if (json) printJson(runtime, { group: groupToWire(group) });
          else runtime.out(`Created ${told(group, 'grants')}`);
          return 0;
        }),
      ),
    );
}

function registerList(groups: Command, runtime: Runtime, done: Done): void {
  groups
    .command('list')
    .description('Lists every permission group of the organisation, newest first.')
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async ({ json, org }: OrgOption) =>
      done(
        await withServices(runtime, async (services) => {
          const operated = await operateMembers(org, 'groups list', services);
          const found = await listAll(operated.groups.list, ({ id }) => id);
          if (json) printJson(runtime, { groups: found.map(groupToWire) });
          else if (found.length === 0) runtime.out('The organisation has no groups yet.');
          else printTable(runtime, ['GROUP ID', 'NAME', 'MEMBERS', 'PERMISSIONS'], found.map(row));
          return 0;
        }),
      ),
    );
}

function registerAct(groups: Command, verb: string, act: Act, runtime: Runtime, done: Done): void {
  const command = groups.command(verb).description(act.description).argument('<group_id>', 'grp_…');
  if (act.argument !== undefined) command.argument(...act.argument, parseWord);
  command
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async (groupId: string, ...rest: readonly unknown[]) => {
      const words = act.argument === undefined ? [] : [rest[0]].flat().map(String);
      const { json, org } = command.opts<OrgOption>();
      done(
        await withServices(runtime, async (services) => {
          const operated = await operateMembers(org, `groups ${verb}`, services);
          const group = await act.run(operated.groups, groupId, words);
          if (json) printJson(runtime, { group: groupToWire(group) });
          else runtime.out(told(group, act.told));
          return 0;
        }),
      );
    });
}

/** One word of an argument; of those that take several, commander hands in the ones before. */
function parseWord(text: string, before: unknown): string | readonly string[] {
  const word = parseText(LONGEST_PERMISSION)(text);
  return Array.isArray(before) ? [...before, word] : [word];
}

const parsePermissions = (text: string): readonly Permission[] =>
  limited(text.split(',').map(parseText(LONGEST_PERMISSION)));

/** As many as the tools allow. */
function limited(permissions: readonly Permission[]): readonly Permission[] {
  const distinct = [...new Set(permissions)];
  if (distinct.length <= MOST_PERMISSIONS) return distinct;
  throw new InvalidArgumentError(`Expected at most ${MOST_PERMISSIONS} permissions.`);
}

const told = ({ name, id, permissions }: PermissionGroup, what: string): string =>
  `${printable(name)} (${id}) ${what} ${permissions.map(printable).join(' ') || 'nothing'}.`;

const row = ({ id, name, members, permissions }: PermissionGroup): readonly string[] => [
  id,
  name,
  String(members.length),
  shortened(permissions.join(' ') || '(none)', LONGEST_PERMISSIONS),
];
