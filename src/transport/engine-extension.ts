import type {
  CallToolResult,
  InputRequiredResult,
  Server,
  ServerContext,
  ServerOptions,
} from '@modelcontextprotocol/server';
import type { Exchange } from './exchange.ts';

export type EngineAnswer = (context: ServerContext) => Promise<CallToolResult | InputRequiredResult>;

/**
 * What the engine can speak and the product does not offer: prompts, resources of its own, tools that ask the client
 * back. The conformance suite's fixtures come this way, behind the same credential, gate and audit. Null in the product.
 */
export type EngineExtension = {
  readonly options: ServerOptions;
  /** Tools of the registry that answer in the engine's words; the gate judges their calls like all others. */
  readonly tools: ReadonlyMap<string, EngineAnswer>;
  /** Adds handlers; those of the product that it replaces are no longer there. */
  readonly extend: (server: Server, exchangeOf: (context: ServerContext) => Exchange) => void;
};
