import type { z } from 'zod';
import type { Downstream, OrganizationLocation } from '../downstream/downstream.ts';
import type { TenantPrincipal } from '../principal.ts';
import type { Scope } from '../scopes/scopes.ts';
import { checkDefinition } from './check-definition.ts';
import type { ToolContent } from './content.ts';
import type { QuietContext, ToolContext } from './context/tool-context.ts';
import { compileOperation, type Operation, type OperationDefinition } from './operation.ts';
import { type CompiledResource, compileResource, type ToolResource } from './tool-resource.ts';

/** What a tool is. One definition makes the MCP tool, the REST route and its place in the document. */
export type ToolDefinition<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Reports extends boolean = boolean,
> = OperationDefinition<Input, Output> & {
  /** The scope that a caller needs; `any` asks for a verified caller and no scope. */
  readonly scope: Scope | 'any';
  /** The one protocol that offers it; MCP and REST when left out. */
  readonly protocol?: 'rest' | 'mcp';
  /** Longest run in seconds; the configuration's `limits.toolTimeoutSeconds` when left out. */
  readonly timeoutSeconds?: number;
  /** Values the arguments may hold; the configuration's `limits.maxInputElements` when left out. */
  readonly maxInputElements?: number;
  /** Whether `handle` may report progress; a tool that does not is answered faster where a host always asks for it. */
  readonly reportsProgress?: Reports;
  /** What MCP clients show of the output besides its fields; the output as JSON when left out. */
  content?(output: z.output<Output>): readonly ToolContent[];
  /** Where one thing that it gives by id is also an MCP resource. */
  readonly resource?: ToolResource;
  /** Refusals that come before the check of the arguments, such as `requireMintRole`. */
  precheck?(rawArguments: Readonly<Record<string, unknown>>, me: TenantPrincipal): void;
  handle(
    input: z.output<Input>,
    context: Reports extends true ? ToolContext : QuietContext,
  ): Promise<z.input<Output>>;
};

/** A compiled tool of one organisation's callers. */
export type Tool = Operation & {
  readonly scope: Scope | 'any';
  readonly onMcp: boolean;
  /** The platform that it calls and where the organisation is written; null for the platform of all tools. */
  readonly platform: {
    readonly downstream: Downstream;
    readonly locations: readonly OrganizationLocation[];
  } | null;
  readonly timeoutSeconds: number | null;
  readonly maxInputElements: number | null;
  readonly reportsProgress: boolean;
  readonly content: ((output: Readonly<Record<string, unknown>>) => readonly ToolContent[]) | null;
  readonly resource: CompiledResource | null;
  readonly precheck: (rawArguments: Readonly<Record<string, unknown>>, me: TenantPrincipal) => void;
  readonly handle: (input: unknown, context: ToolContext) => Promise<unknown>;
};

/** Defines a tool. Throws at start for a field that is missing or wrong, and for a schema that cannot be shown. */
export function defineTool<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Reports extends boolean = false,
>(definition: ToolDefinition<Input, Output, Reports>): Tool {
  checkDefinition(definition);
  const operation = compileOperation(definition);
  const { name, resource, content } = definition;
  return Object.freeze({
    ...operation,
    scope: definition.scope,
    onMcp: definition.protocol !== 'rest',
    platform: null,
    timeoutSeconds: definition.timeoutSeconds ?? null,
    maxInputElements: definition.maxInputElements ?? null,
    reportsProgress: definition.reportsProgress ?? false,
    // Only what this tool's own output schema made is shown.
    content: (content as Tool['content']) ?? null,
    resource:
      resource === undefined
        ? null
        : compileResource(name, resource, operation.inputJsonSchema, operation.effect),
    precheck: definition.precheck ?? (() => {}),
    // Only callTool calls it, and only with what this tool's own input schema made.
    handle: definition.handle as Tool['handle'],
  });
}
