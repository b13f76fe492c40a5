import { z } from 'zod';
import { hint } from '../words/did-you-mean.ts';
import { builtInScopes, type Scope } from './scopes.ts';

/** Which scopes a permission allows; `*` is every scope of the configured catalogue. */
export type PermissionMap = Readonly<Record<string, '*' | readonly Scope[]>>;

const Mapped = z.object({
  scopes: z.object({ catalogue: z.array(z.string()) }),
  permissions: z.record(z.string(), z.union([z.literal('*'), z.array(z.string())])),
});

/** Whether the permissions can be checked against the catalogue, in spite of other mistakes of the configuration. */
export const isPermissionMapReadable = (config: unknown): boolean => Mapped.safeParse(config).success;

/** The built-in scopes are the role admin's alone, so no permission can allow them. */
export function requireMappedScopes(config: z.infer<typeof Mapped>, context: z.RefinementCtx): void {
  const builtIn: readonly string[] = builtInScopes;
  for (const [permission, allowed] of Object.entries(config.permissions)) {
    for (const [index, scope] of (allowed === '*' ? [] : allowed).entries()) {
      if (config.scopes.catalogue.includes(scope) && !builtIn.includes(scope)) continue;
      const advice = builtIn.includes(scope) ? '' : hint(scope, config.scopes.catalogue);
      const message = `expected a scope of scopes.catalogue, and no built-in one, got "${scope}"${advice}`;
      context.addIssue({ code: 'custom', path: ['permissions', permission, index], message });
    }
  }
}
