import { type Command, InvalidArgumentError } from 'commander';
import type { Groups } from '../../members/manage-groups.ts';
import type { Permission, PermissionGroup } from '../../members/member.ts';
import { groupToWire } from '../../members/member-wire.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { unknownNames } from '../../words/did-you-mean.ts';
import { parseText } from '../parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { shortened } from '../table.ts';
import { withServices } from '../with-services.ts';
import { requireUndeleted } from './find-organization.ts';
import { listAll, operateMembers, userListing } from './operate-members.ts';

type OrgOption = JsonOption & { readonly org: string };
type CreateOptions = OrgOption & { readonly permissions?: readonly Permission[] };
type Done = (code: ExitCode) => void;

/** A command that changes one group. `message` completes the line "<group> … <permissions>". */
type GroupCommand = {
  readonly verb: string;
  readonly description: string;
  /** The argument after the group's id, for a command that takes one. */
  readonly argument?: readonly [name: string, description: string];
  readonly message: string;
  /** `words` are the arguments after the group's id. */
  readonly run: (groups: Groups, groupId: string, words: readonly string[]) => Promise<PermissionGroup>;
};

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;
const LONGEST_PERMISSIONS = 60;
const LONGEST_PERMISSION = 100;
const MOST_PERMISSIONS = 100;

const commands: readonly GroupCommand[] = [
  {
    verb: 'grant',
    description: 'Adds permissions to a group; its people hold them from their next request on.',
    argument: ['<permission...>', "in the platform's words, such as assets:write"],
    message: 'grants',
    run: (groups, groupId, words) =>
      groups.change(groupId, ({ permissions }) => ({ permissions: limited([...permissions, ...words]) })),
  },
  {
    verb: 'revoke',
    description: 'Takes permissions from a group.',
    argument: ['<permission...>', 'that the group grants'],
    message: 'grants',
    run: (groups, groupId, words) =>
      groups.change(groupId, ({ permissions }) => ({
        permissions: permissions.filter((permission) => !words.includes(permission)),
      })),
  },
  {
    verb: 'add-member',
    description: 'Puts a member of the organisation into a group.',
    argument: ['<user_id>', 'usr_…'],
    message: 'has its new member; it grants',
    run: (groups, groupId, [userId = '']) => groups.addMember(groupId, userId),
  },
  {
    verb: 'remove-member',
    description: 'Takes a member out of a group.',
    argument: ['<user_id>', 'usr_…'],
    message: 'has a member less; it grants',
    run: (groups, groupId, [userId = '']) => groups.removeMember(groupId, userId),
  },
  {
    verb: 'delete',
    description: 'Ends a group; its people lose what it granted.',
    message: 'is deleted; it granted',
    run: (groups, groupId) => groups.delete(groupId),
  },
];

export const registerGroups: Register = (program, runtime, done) => {
  const groups = program.command('groups').description("Manages an organisation's permission groups.");
  registerCreate(groups, runtime, done);
  registerList(groups, runtime, done);
  for (const command of commands) registerCommand(groups, command, runtime, done);
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
          else runtime.out(`Created ${describeGroup(group, 'grants')}`);
          warnOfUnmapped(permissions, services, runtime);
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

function registerCommand(groups: Command, command: GroupCommand, runtime: Runtime, done: Done): void {
  const { verb } = command;
  const registered = groups.command(verb).description(command.description).argument('<group_id>', 'grp_…');
  if (command.argument !== undefined) registered.argument(...command.argument, parseWord);
  registered
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async (groupId: string, ...rest: readonly unknown[]) => {
      const words = command.argument === undefined ? [] : [rest[0]].flat().map(String);
      const { json, org } = registered.opts<OrgOption>();
      done(
        await withServices(
          runtime,
          async (services) => {
            const operated = await operateMembers(org, `groups ${verb}`, services);
            const group = await command.run(operated.groups, groupId, words);
            if (json) printJson(runtime, { group: groupToWire(group) });
            else runtime.out(describeGroup(group, command.message));
            if (verb === 'grant') warnOfUnmapped(words, services, runtime);
            return 0;
          },
          verb.endsWith('-member') ? groupAndUserListing(org) : groupListing(org),
        ),
      );
    });
}

const groupListing = (org: string) => ({ listing: `groups list --org ${org}` });

const groupAndUserListing = (org: string) => ({
  listing: `${groupListing(org).listing}" or "tenantry ${userListing(org).listing}`,
});

/** A permission that no configuration maps allows nothing, and is rarely meant. */
function warnOfUnmapped(permissions: readonly Permission[], { config }: Services, { err }: Runtime): void {
  const mapped = Object.keys(config.permissions);
  const unmapped = permissions.filter((permission) => !mapped.includes(permission));
  if (unmapped.length === 0) return;
  err(
    `warning: "permissions" of the configuration maps no such name, so it allows nothing: ${unknownNames(unmapped, mapped)}`,
  );
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

const describeGroup = ({ name, id, permissions }: PermissionGroup, what: string): string =>
  `${printable(name)} (${id}) ${what} ${permissions.map(printable).join(' ') || 'nothing'}.`;

const row = ({ id, name, members, permissions }: PermissionGroup): readonly string[] => [
  id,
  name,
  String(members.length),
  shortened(permissions.join(' ') || '(none)', LONGEST_PERMISSIONS),
];
