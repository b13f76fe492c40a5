import type { Command } from 'commander';
import type { Groups } from '../../members/manage-groups.ts';
import type { Permission, PermissionGroup } from '../../members/member.ts';
import { groupToWire } from '../../members/member-wire.ts';
import { printable } from '../../secrets/printable.ts';
import { parseText } from '../parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { shortened } from '../table.ts';
import { withServices } from '../with-services.ts';
import { requireUndeleted } from './find-organization.ts';
import { listAll, operateMembers, userListing } from './operate-members.ts';
import { limited, parsePermissions, parseWord, warnOfUngranted, warnOfUnmapped } from './permission-words.ts';

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
  /** `words` are the arguments after the group's id; `warn` writes to standard error. */
  run(
    groups: Groups,
    groupId: string,
    words: readonly string[],
    warn: (line: string) => void,
  ): Promise<PermissionGroup>;
};

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;
const LONGEST_PERMISSIONS = 60;

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
    async run(groups, groupId, words, warn) {
      let granted: readonly Permission[] = [];
      const group = await groups.change(groupId, ({ permissions }) => {
        granted = permissions;
        return { permissions: permissions.filter((permission) => !words.includes(permission)) };
      });
      warnOfUngranted(words, granted, warn);
      return group;
    },
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
            const group = await command.run(operated.groups, groupId, words, runtime.err);
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

const describeGroup = ({ name, id, permissions }: PermissionGroup, what: string): string =>
  `${printable(name)} (${id}) ${what} ${permissions.map(printable).join(' ') || 'nothing'}.`;

const row = ({ id, name, members, permissions }: PermissionGroup): readonly string[] => [
  id,
  name,
  String(members.length),
  shortened(permissions.join(' ') || '(none)', LONGEST_PERMISSIONS),
];
