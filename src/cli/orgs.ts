import type { Command } from 'commander';
import { operatorRow } from '../audit/operator-row.ts';
import { isoTime } from '../iso-time.ts';
import { keepItWarning } from '../keys/key-wire.ts';
import type { Organization, OrganizationStatus } from '../organization.ts';
import { printable } from '../printable.ts';
import { provisionOrganization } from '../provisioning/provision.ts';
import type { Services } from '../services.ts';
import { noSuchOrganization, requireOrganizationId } from './find-organization.ts';
import { parseExternalId, parseText } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

type CreateOptions = JsonOption & { readonly externalId?: string };

/** What is done to an organisation, and what it is afterwards. */
const changes = {
  suspend: { status: 'suspended', description: 'Refuses every request for the organisation, until resumed.' },
  resume: { status: 'active', description: 'Lets a suspended organisation work again.' },
  delete: { status: 'deleted', description: 'Ends the organisation and revokes its keys, for good.' },
} as const satisfies Record<string, { status: OrganizationStatus; description: string }>;

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
      done(await withServices(runtime, (services) => create(name, options, services, runtime))),
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
  for (const [verb, { status, description }] of Object.entries(changes)) {
    orgs
      .command(verb)
      .description(description)
      .argument('<organization_id>')
      .option(...jsonOption)
      .action(async (id: string, options: JsonOption) =>
        done(
          await withServices(runtime, async (services) => {
            const organization = await setStatus(id, verb, status, services);
            if (options.json) printJson(runtime, { organization: toJson(organization) });
            else runtime.out(`${label(organization)} is ${status}.`);
            return 0;
          }),
        ),
      );
  }
}

async function create(
  name: string,
  options: CreateOptions,
  { store, mintRules, now }: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const { organization, defaultKey } = await provisionOrganization(
    { name, externalId: options.externalId ?? null, createdBy: 'cli' },
    (made) => row('orgs create', made, now()),
    { organizations: store.organizations, format: mintRules.format, now },
  );
  if (organization.status === 'deleted') {
    runtime.err(
      `The external id belongs to ${label(organization)}, which is deleted; it is never used again.`,
    );
    return 1;
  }
  if (options.json) {
    const secret = defaultKey === null ? {} : { auth_token: defaultKey, warning: keepItWarning };
    printJson(runtime, { organization: toJson(organization), created: defaultKey !== null, ...secret });
  } else if (defaultKey === null) {
    runtime.out(`${label(organization)} existed already with this external id; nothing was changed.`);
  } else {
    runtime.out(`Created ${label(organization)}.`);
    runtime.out(`Default key: ${defaultKey}`);
    runtime.out(keepItWarning);
  }
  return 0;
}

async function list({ json }: JsonOption, { store }: Services, runtime: Runtime): Promise<ExitCode> {
  const organizations = await store.organizations.list();
  if (json) printJson(runtime, { organizations: organizations.map(toJson) });
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

/** @throws NOT_FOUND for an unknown, malformed or deleted organisation */
async function setStatus(
  text: string,
  verb: string,
  status: OrganizationStatus,
  { store, now }: Services,
): Promise<Organization> {
  const id = requireOrganizationId(text);
  const nowMs = now();
  const changed = await store.organizations.setStatus(id, status, nowMs, (organization) =>
    row(`orgs ${verb}`, organization, nowMs),
  );
  if (changed === undefined) throw noSuchOrganization(id);
  return changed;
}

const row = (target: string, { id, status }: Organization, nowMs: number) =>
  operatorRow({ tier: 'cli', target, organizationId: id, nowMs, change: { organization: id, status } });

const label = ({ id, name }: Organization): string => `${printable(name)} (${id})`;

const toJson = ({ id, name, externalId, status, createdAtMs }: Organization) => ({
  organization_id: id,
  name,
  external_id: externalId,
  status,
  created_at: isoTime(createdAtMs),
});
