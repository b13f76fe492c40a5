import type {
  CallToolResult,
  InputRequiredResult,
  Server,
  ServerContext,
  ServerOptions,
} from '@modelcontextprotocol/server';
import type { RequestContext } from '../http/request-context.ts';

export type SdkAnswer = (context: ServerContext) => Promise<CallToolResult | InputRequiredResult>;

/**
 * Features of the SDK that the product does not offer: prompts, resources of its own, tools that ask the client
 * back. The conformance suite adds its fixtures here, behind the same credential, gate and audit. Null in the product.
 */
export type SdkExtension = {
  readonly options: ServerOptions;
  /** Tools of the registry that answer in the SDK's words; the gate checks their calls like all others. */
  readonly tools: ReadonlyMap<string, SdkAnswer>;
  /** Adds handlers; those of the product that it replaces are no longer there. */
  readonly extend: (server: Server, contextOf: (context: ServerContext) => RequestContext) => void;
};
