import type { AuditSlot } from '../audit/audit-slot.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Caller } from '../caller.ts';
import { bindDownstream } from '../downstream/bound-downstream.ts';
import type { Downstream } from '../downstream/downstream.ts';
import { AppError } from '../errors.ts';
import type { MemberStore } from '../members/member-store.ts';
import { bindAudit } from './bound-audit.ts';
import { bindKeys, type KeysDeps } from './bound-keys.ts';
import { bindMembers } from './bound-members.ts';
import type { Cursors } from './cursor.ts';
import type { Tool } from './define-tool.ts';
import { requireMayCall, requireWorkspace } from './gate.ts';
import { parseArguments, type RawArguments } from './parse-arguments.ts';
import type { Registry } from './registry.ts';
import type { Progress, ToolContext } from './tool-context.ts';

export type ToolCall = {
  readonly name: string;
  readonly arguments: RawArguments;
  readonly slot: AuditSlot;
  /** Aborts with the caller, the key or the server; its reason may be an AppError. */
  readonly signal: AbortSignal;
  readonly progress: Progress | null;
};

export type CallToolDeps = KeysDeps & {
  readonly tools: Registry;
  readonly downstream: Downstream;
  readonly members: MemberStore;
  readonly audit: AuditTrail;
  readonly cursors: Cursors;
  readonly defaults: { readonly timeoutSeconds: number; readonly maxInputElements: number };
};

export type ToolOutput = Record<string, unknown>;

/** The only road to a handler, whatever the face: look up, gate, parse, handle with a bound context, parse. */
export async function callTool(caller: Caller, call: ToolCall, deps: CallToolDeps): Promise<ToolOutput> {
  const tool = deps.tools.find(call.name);
  call.slot.learn({ tool: tool.name });
  requireMayCall(caller, tool);
  const input = parseArguments(
    tool,
    call.arguments,
    caller,
    tool.maxInputElements ?? deps.defaults.maxInputElements,
  );
  requireWorkspace(caller, input);
  const opened = openCursor(caller, tool, input, deps);
  if (call.signal.aborted) throw abortError(call.signal);
  const { signal, clear } = limitTime(
    call.signal,
    (tool.timeoutSeconds ?? deps.defaults.timeoutSeconds) * 1000,
  );
  try {
    const context = bindContext(caller, tool, call, signal, deps);
    const handled = await settleOrAbort(tool.handle(opened, context), signal);
    return sealCursor(caller, tool, input, tool.parseOutput(handled), deps);
  } finally {
    clear();
  }
}

function bindContext(
  caller: Caller,
  tool: Tool,
  call: ToolCall,
  signal: AbortSignal,
  deps: CallToolDeps,
): ToolContext {
  const { slot } = call;
  return {
    me: caller,
    downstream: bindDownstream(tool.platform?.downstream ?? deps.downstream, {
      caller,
      effect: tool.effect,
      slot,
      signal,
      places: tool.platform?.places,
    }),
    keys: bindKeys(deps, caller, slot),
    members: bindMembers(deps, caller, slot),
    audit: bindAudit(deps.audit, caller),
    signal,
    progress: tool.reportsProgress ? call.progress : null,
  };
}

function openCursor(caller: Caller, tool: Tool, input: ToolOutput, { cursors }: CallToolDeps): ToolOutput {
  // What a platform of the configuration calls so is its own.
  if (typeof input.cursor !== 'string' || tool.platform !== null) return input;
  return { ...input, cursor: cursors.open(input.cursor, { caller, tool: tool.name, input }) };
}

function sealCursor(
  caller: Caller,
  tool: Tool,
  input: ToolOutput,
  output: ToolOutput,
  { cursors }: CallToolDeps,
): ToolOutput {
  if (typeof output.next_cursor !== 'string' || tool.platform !== null) return output;
  return { ...output, next_cursor: cursors.seal(output.next_cursor, { caller, tool: tool.name, input }) };
}

/** Aborts with the call or when its time is up; `clear` takes back what would outlive the call. */
function limitTime(signal: AbortSignal, timeoutMs: number): { signal: AbortSignal; clear(): void } {
  const end = new AbortController();
  const onAbort = () => end.abort(signal.reason);
  const timer = setTimeout(() => end.abort(new AppError('DOWNSTREAM_TIMEOUT')), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: end.signal,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** A handler that does not heed its signal must not hold the answer back. */
async function settleOrAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(abortError(signal)), { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    // Whatever an aborted handler trips over, the abort is the reason.
    throw signal.aborted ? abortError(signal) : error;
  }
}

const abortError = ({ reason }: AbortSignal): AppError =>
  reason instanceof AppError ? reason : new AppError('CANCELLED');
