import { z } from 'zod';
import { ConfigFile } from '../config/config-file.ts';
import { jsonText } from './print.ts';
import type { Register } from './runtime.ts';

export const registerConfigSchema: Register = (program, runtime, done) => {
  program
    .command('config-schema')
    .description('Prints the JSON Schema of mcp.config.json, by which editors complete it.')
    .action(() => {
      runtime.out(configJsonSchema());
      done(0);
    });
};

/** The content of `mcp.config.schema.json`, made from the schema that the program itself uses. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(ConfigFile, { target: 'draft-2020-12', io: 'input' });
  return jsonText({ $schema, title: 'Tenantry configuration', ...schema }, 2);
}
