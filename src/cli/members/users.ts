import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { mutateAsOperator } from '../../audit/operator-row.ts';
import { deleteUser } from '../../members/manage-members.ts';
import { type Member, type MemberRole, memberRoles } from '../../members/member.ts';
import { memberToWire } from '../../members/member-wire.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { isoTime } from '../../time.ts';
import { parseText } from '../parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { requireUndeleted } from './find-organization.ts';
import { listAll, operateMembers, userListing } from './operate-members.ts';

type OrgOption = JsonOption & { readonly org: string };
type AddOptions = OrgOption & { readonly name: string; readonly email?: string; readonly role: MemberRole };
type Done = (code: ExitCode) => void;

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;

/** A command that changes one member. `message` completes the line "<member> …". */
type MemberCommand = {
  readonly verb: string;
  readonly description: string;
  readonly message: string;
  readonly run: (userId: string, org: string, services: Services) => Promise<Member>;
};

const setActive =
  (verb: string, active: boolean): MemberCommand['run'] =>
  async (userId, org, services) => {
    const { members } = await operateMembers(org, `users ${verb}`, services);
    return members.change(userId, { active });
  };

const commands: readonly MemberCommand[] = [
  {
    verb: 'deactivate',
    description: 'Denies a person everything in the organisation, until activated.',
    message: 'is inactive',
    run: setActive('deactivate', false),
  },
  {
    verb: 'activate',
    description: 'Lets a person act in the organisation again.',
    message: 'is active',
    run: setActive('activate', true),
  },
  {
    verb: 'remove',
    description: 'Takes a person out of the organisation and its groups.',
    message: 'is no member any more',
    run: async (userId, org, services) =>
      (await operateMembers(org, 'users remove', services)).members.remove(userId),
  },
];

export const registerUsers: Register = (program, runtime, done) => {
  const users = program.command('users').description("Manages an organisation's people.");
  registerAdd(users, runtime, done);
  registerList(users, runtime, done);
  for (const command of commands) registerCommand(users, command, runtime, done);
  registerDelete(users, runtime, done);
};

function registerAdd(users: Command, runtime: Runtime, done: Done): void {
  users
    .command('add')
    .description('Makes a person a member of the organisation.')
    .requiredOption(...orgOption)
    .requiredOption('--name <name>', 'what people call them', parseText(100))
    .option('--email <address>', 'by which they are recognised', parseEmail)
    .addOption(
      new Option('--role <role>', 'an admin holds every permission').choices(memberRoles).default('member'),
    )
    .option(...jsonOption)
    .action(async ({ json, org, name, email, role }: AddOptions) =>
      done(
        await withServices(runtime, async (services) => {
          await requireUndeleted(org, services);
          const { members } = await operateMembers(org, 'users add', services);
          const member = await members.add({ name, email: email ?? null, role });
          if (json) printJson(runtime, { member: memberToWire(member) });
          else runtime.out(`Added ${label(member)} as ${role}.`);
          return 0;
        }),
      ),
    );
}

function registerList(users: Command, runtime: Runtime, done: Done): void {
  users
    .command('list')
    .description('Lists every person of the organisation, newest first.')
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async ({ json, org }: OrgOption) =>
      done(
        await withServices(runtime, async (services) => {
          const { members } = await operateMembers(org, 'users list', services);
          const found = await listAll(members.list, ({ userId }) => userId);
          if (json) printJson(runtime, { members: found.map(memberToWire) });
          else if (found.length === 0) runtime.out('The organisation has no people yet.');
          else printTable(runtime, ['USER ID', 'NAME', 'E-MAIL', 'ROLE', 'ACTIVE', 'SINCE'], found.map(row));
          return 0;
        }),
      ),
    );
}

function registerCommand(
  users: Command,
  { verb, description, message, run }: MemberCommand,
  runtime: Runtime,
  done: Done,
) {
  users
    .command(verb)
    .description(description)
    .argument('<user_id>', 'usr_…')
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async (userId: string, { json, org }: OrgOption) =>
      done(
        await withServices(
          runtime,
          async (services) => {
            const member = await run(userId, org, services);
            if (json) printJson(runtime, { member: memberToWire(member) });
            else runtime.out(`${label(member)} ${message}.`);
            return 0;
          },
          userListing(org),
        ),
      ),
    );
}

function registerDelete(users: Command, runtime: Runtime, done: Done): void {
  users
    .command('delete')
    .description('Ends a person for good, in every organisation; their own keys go with them.')
    .argument('<user_id>', 'usr_…, a member of the organisation')
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async (userId: string, { json, org }: OrgOption) =>
      done(
        await withServices(runtime, async (services) => {
          const { store, now } = services;
          const { organizationId } = await operateMembers(org, 'users delete', services);
          const { member, organizations } = await deleteUser(
            organizationId,
            userId,
            mutateAsOperator({ tier: 'cli', target: 'users delete', organizationId }, now),
            { members: store.members, now },
          );
          if (json) printJson(runtime, { member: memberToWire(member), organizations });
          else runtime.out(`Deleted ${label(member)}; organisations concerned: ${organizations.join(', ')}.`);
          return 0;
        }),
      ),
    );
}

function parseEmail(text: string): string {
  if (text.length <= 254 && z.email().safeParse(text).success) return text;
  throw new InvalidArgumentError('Expected an e-mail address.');
}

const label = ({ name, userId }: Member): string => `${printable(name)} (${userId})`;

const row = ({ userId, name, email, role, active, createdAtMs }: Member): readonly string[] => [
  userId,
  name,
  email ?? '-',
  role,
  active ? 'yes' : 'no',
  isoTime(createdAtMs),
];
