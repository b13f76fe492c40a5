import type { Command } from 'commander';
import { mutateAsOperator } from '../../audit/operator-row.ts';
import { keepItWarning } from '../../keys/key-wire.ts';
import type { Organization } from '../../organization.ts';
import { readAllOrganizations } from '../../provisioning/all-organizations.ts';
import {
  type ManagedOrganizations,
  manageOrganizations,
  type OrganizationAccess,
  type OrganizationVerb,
  organizationToWire,
} from '../../provisioning/manage-organizations.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { isoTime } from '../../time.ts';
import { parseExternalId, parseText } from '../parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { findOrganization } from './find-organization.ts';

type CreateOptions = JsonOption & { readonly externalId?: string };

const descriptions: Readonly<Record<OrganizationVerb, string>> = {
  suspend: 'Refuses every request for the organisation, until resumed.',
  resume: 'Lets a suspended organisation work again.',
  delete: 'Ends the organisation and revokes its keys, for good.',
};

export const registerOrgs: Register = (program, runtime, done) => {
  const orgs = program.command('orgs').description('Creates, lists, suspends and deletes organisations.');
  orgs
    .command('create')
    .description(
      'Creates an organisation with its default key; an external id that is known changes nothing.',
    )
    .argument('<name>', 'what people call it', parseText(200))
    .option('--external-id <id>', "the platform's own id for it", parseExternalId)
    .option(...jsonOption)
    .action(async (name: string, options: CreateOptions) =>
      done(
        await withServices(runtime, (services) => create(name, options, services, runtime), {
          makesStore: true,
        }),
      ),
    );
  orgs
    .command('list')
    .description('Lists every organisation.')
    .option(...jsonOption)
    .action(async (options: JsonOption) =>
      done(await withServices(runtime, (services) => list(options, services, runtime))),
    );
  registerChanges(orgs, runtime, done);
};

function registerChanges(orgs: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  for (const verb of ['suspend', 'resume', 'delete'] as const) {
    orgs
      .command(verb)
      .description(descriptions[verb])
      .argument('<organization_id>')
      .option(...jsonOption)
      .action(async (text: string, options: JsonOption) =>
        done(
          await withServices(runtime, async (services) => {
            const { id } = await findOrganization(text, services);
            const organization = await operateOrganizations(services).change(id, verb);
            if (options.json) printJson(runtime, { organization: organizationToWire(organization) });
            else runtime.out(`${label(organization)} is ${organization.status}.`);
            return 0;
          }),
        ),
      );
  }
}

/** Organisations, as the operator changes them at the command line. */
function operateOrganizations({ store, mintRules, now }: Services): ManagedOrganizations {
  const access: OrganizationAccess = {
    actorName: 'cli',
    mutate: (verb, write) =>
      mutateAsOperator({ tier: 'cli', target: `orgs ${verb}`, organizationId: null }, now)(write),
  };
  const deps = { organizations: store.organizations, format: mintRules.format, now };
  return manageOrganizations(access, deps);
}

async function create(
  name: string,
  options: CreateOptions,
  services: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const { organization, defaultKey } = await operateOrganizations(services).create(
    name,
    options.externalId ?? null,
  );
  if (options.json) {
    const secret = defaultKey === null ? {} : { auth_token: defaultKey, warning: keepItWarning };
    printJson(runtime, {
      organization: organizationToWire(organization),
      created: defaultKey !== null,
      ...secret,
    });
  } else if (defaultKey === null) {
    runtime.out(`${label(organization)} existed already with this external id; nothing was changed.`);
  } else {
    runtime.out(`Created ${label(organization)}.`);
    runtime.out(`Default key: ${defaultKey}`);
    runtime.out(keepItWarning);
  }
  return 0;
}

async function list({ json }: JsonOption, services: Services, runtime: Runtime): Promise<ExitCode> {
  const organizations = await readAllOrganizations(operateOrganizations(services));
  if (json) printJson(runtime, { organizations: organizations.map(organizationToWire) });
  else if (organizations.length === 0) runtime.out('There are no organisations.');
  else {
    const rows = organizations.map(({ id, name, status, externalId, createdAtMs }) => [
      id,
      name,
      status,
      externalId ?? '-',
      isoTime(createdAtMs),
    ]);
    printTable(runtime, ['ORGANIZATION ID', 'NAME', 'STATUS', 'EXTERNAL ID', 'CREATED'], rows);
  }
  return 0;
}

const label = ({ id, name }: Organization): string => `${printable(name)} (${id})`;
