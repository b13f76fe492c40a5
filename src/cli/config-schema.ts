import { z } from 'zod';
import { ConfigFile } from '../config-file.ts';
import type { Register } from './program.ts';

export const registerConfigSchema: Register = (program, runtime, done) => {
  program
    .command('config-schema')
    .description('Prints the JSON Schema of mcp.config.json, by which editors complete it.')
    .action(() => {
      runtime.out(configJsonSchema());
      done(0);
    });
};

/** What stands in `mcp.config.schema.json`; made from the one schema that the program itself checks against. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(ConfigFile, { target: 'draft-2020-12', io: 'input' });
  return JSON.stringify({ $schema, title: 'Tenantry configuration', ...schema }, null, 2);
}
