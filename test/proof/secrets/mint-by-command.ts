import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runHere } from '../../cli/in-process.ts';
import { keysIn, mayHoldKeys, noteKey } from '../../support/secrets.ts';

type Environment = Readonly<Record<string, string>>;

/** A JSON command on the store of `env`. */
async function run(args: readonly string[], env: Environment, dir: string) {
  const { code, stdout, stderr } = await runHere([...args, '--json'], env, dir);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Keys in each of the ways that the command line has, `rounds` times: plaintexts by the command that showed them. */
export async function mintByCommand(rounds: number, env: Environment, dir: string) {
  const shown: { way: string; plaintext: string }[] = [];
  const mint = async (way: string, args: readonly string[]) => {
    const answer = await run(args, env, dir);
    noteKey(answer.auth_token);
    shown.push({ way, plaintext: answer.auth_token });
    return answer;
  };
  for (let round = 0; round < rounds; round += 1) {
    const made = await mint('orgs create', ['orgs', 'create', `By command ${round}`]);
    const org: string = made.organization.organization_id;
    const { key } = await mint('keys mint', ['keys', 'mint', '--org', org, '--name', 'a']);
    await mint('keys rotate', ['keys', 'rotate', key.id, '--org', org, '--grace', '0']);
    await mint('keys mint --host', ['keys', 'mint', '--host', '--name', 'h', '--for', org]);
    await mint('keys mint --workspace', ['keys', 'mint', '--org', org, '--name', 'w', '--workspace', 'ws_1']);
    const { member } = await run(['users', 'add', '--org', org, '--name', 'Ada'], env, dir);
    const own = ['keys', 'mint', '--org', org, '--name', 'u', '--user', member.user_id];
    await mint('keys mint --user', own);
    const { keys } = await run(['keys', 'list', '--org', org], env, dir);
    const standard = keys.find((each: { is_default: boolean }) => each.is_default);
    await run(['keys', 'revoke', standard.id, '--org', org], env, dir);
  }
  const file = mayHoldKeys(join(dir, 'reconciled.ndjson'));
  await run(['keys', 'reconcile', '--out', file], env, dir);
  for (const plaintext of keysIn(readFileSync(file, 'utf8'))) {
    noteKey(plaintext);
    shown.push({ way: 'keys reconcile', plaintext });
  }
  return shown;
}
