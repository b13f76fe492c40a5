import type { z } from 'zod';
import type { BootstrapContext, OperatorContext } from './context/operator-context.ts';
import { compileOperation, type Operation, type OperationDefinition } from './operation.ts';

/** What opens an operation of `/admin`, and all that its handler then reaches. */
type Contexts = { readonly 'admin-token': OperatorContext; readonly 'bootstrap-code': BootstrapContext };
type OperatorAccess = keyof Contexts;

type OperatorToolDefinition<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Access extends OperatorAccess,
> = OperationDefinition<Input, Output> & {
  readonly access: Access;
  readonly rest: `${string} /admin/${string}`;
  handle(input: z.output<Input>, context: Contexts[Access]): Promise<z.input<Output>>;
};

/** An operation of the platform's operator, about any organisation: on REST alone, never for a key. */
export type OperatorTool = Operation &
  {
    [Access in OperatorAccess]: {
      readonly access: Access;
      readonly handle: (input: unknown, context: Contexts[Access]) => Promise<unknown>;
    };
  }[OperatorAccess];

/** Defines an operation of `/admin`. Throws at start where its input is not strict. */
export function defineOperatorTool<
  Input extends z.ZodObject,
  Output extends z.ZodObject,
  Access extends OperatorAccess,
>(definition: OperatorToolDefinition<Input, Output, Access>): OperatorTool {
  const { access, handle } = definition;
  // Only callOperatorTool calls it, with the context of this access and what this input schema made.
  return Object.freeze({ ...compileOperation(definition), access, handle }) as unknown as OperatorTool;
}
