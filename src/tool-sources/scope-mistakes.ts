import type { Catalogue } from '../scopes/scopes.ts';
import type { Tool } from '../tool/define-tool.ts';
import { hint } from '../words/did-you-mean.ts';

/** Scopes of tools that the catalogue lacks, each as a sentence with what to type. */
export function scopeMistakes(
  tools: readonly Tool[],
  platformTools: readonly Tool[],
  catalogue: Catalogue,
): readonly string[] {
  const lacking = tools.filter(({ scope }) => scope !== 'any' && catalogue.unknown([scope]).length > 0);
  const shipped = lacking.filter((tool) => platformTools.includes(tool));
  const others = lacking.filter((tool) => !platformTools.includes(tool));
  return [...ofShipped(shipped), ...byScope(others, catalogue)];
}

/** Built-in tools share one message, because their scopes are not in the configuration. */
function ofShipped(lacking: readonly Tool[]): string[] {
  if (lacking.length === 0) return [];
  const scopes = [...new Set(lacking.map(({ scope }) => scope))].join(', ');
  const what = `the tools of the shipped platform ask for ${scopes}`;
  return [`scopes.catalogue: ${what}; set "builtinTools": false to do without them, or add these scopes`];
}

/** One message per scope: a document may have hundreds of tools with the same one. */
function byScope(lacking: readonly Tool[], { scopes: known }: Catalogue): string[] {
  return [...Map.groupBy(lacking, ({ scope }) => scope)].map(([scope, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `tool ${first?.name}${more}: expected a scope of the catalogue, got "${scope}"${hint(String(scope), known)}`;
  });
}
