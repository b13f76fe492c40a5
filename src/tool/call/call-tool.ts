import type { AuditSlot } from '../../audit/audit-slot.ts';
import type { AuditTrail } from '../../audit/audit-trail.ts';
import { bindDownstream } from '../../downstream/bound-downstream.ts';
import type { Downstream } from '../../downstream/downstream.ts';
import { AppError } from '../../errors.ts';
import type { MemberStore } from '../../members/member-store.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { listed, quoted } from '../../words/did-you-mean.ts';
import { bindAudit } from '../context/bound-audit.ts';
import { bindKeys, type KeysDeps } from '../context/bound-keys.ts';
import { bindMembers } from '../context/bound-members.ts';
import type { Progress, ToolContext } from '../context/tool-context.ts';
import type { Tool } from '../define-tool.ts';
import type { Registry } from '../registry.ts';
import type { Cursors } from './cursor.ts';
import { parseArguments, type RawArguments } from './parse-arguments.ts';
import { requireNoOrganizationInside } from './require-no-organization.ts';
import { requireMayCall, requireWorkspace } from './require-scope.ts';

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

/** One call of one tool, as the steps of `callTool` share it. */
type Run = {
  readonly principal: TenantPrincipal;
  readonly tool: Tool;
  readonly call: ToolCall;
  readonly deps: CallToolDeps;
};

/** The only way to a handler, over every protocol: look up, gate, parse, handle with a bound context, parse. */
export async function callTool(
  principal: TenantPrincipal,
  call: ToolCall,
  deps: CallToolDeps,
): Promise<ToolOutput> {
  const tool = deps.tools.find(call.name);
  call.slot.note({ tool: tool.name });
  requireMayCall(principal, tool);
  const input = parseArguments(
    tool,
    call.arguments,
    principal,
    tool.maxInputElements ?? deps.defaults.maxInputElements,
  );
  if (tool.platform === null) requireNoOrganizationInside(input, deps.downstream.terms.organization);
  requireWorkspace(principal, input);
  const run: Run = { principal, tool, call, deps };
  const opened = openCursor(run, input);
  if (call.signal.aborted) throw abortError(call.signal);
  const { signal, clear } = limitTime(
    call.signal,
    (tool.timeoutSeconds ?? deps.defaults.timeoutSeconds) * 1000,
  );
  try {
    const context = bindContext(run, signal);
    const handled = await settleOrAbort(tool.handle(opened, context), signal);
    return sealCursor(run, input, tool.parseOutput(handled));
  } catch (error) {
    throw named(error, input);
  } finally {
    clear();
  }
}

function bindContext({ principal, tool, call, deps }: Run, signal: AbortSignal): ToolContext {
  const { slot } = call;
  return {
    me: principal,
    downstream: bindDownstream(tool.platform?.downstream ?? deps.downstream, {
      principal,
      effect: tool.effect,
      slot,
      signal,
      locations: tool.platform?.locations,
    }),
    keys: bindKeys(deps, principal, slot),
    members: bindMembers(deps, principal, slot),
    audit: bindAudit(deps.audit, principal),
    signal,
    progress: tool.reportsProgress ? call.progress : null,
  };
}

function openCursor({ principal, tool, deps: { cursors } }: Run, input: ToolOutput): ToolOutput {
  // What a platform of the configuration calls so is its own.
  if (typeof input.cursor !== 'string' || tool.platform !== null) return input;
  return { ...input, cursor: cursors.open(input.cursor, { principal, tool: tool.name, input }) };
}

function sealCursor(
  { principal, tool, deps: { cursors } }: Run,
  input: ToolOutput,
  output: ToolOutput,
): ToolOutput {
  if (typeof output.next_cursor !== 'string' || tool.platform !== null) return output;
  return { ...output, next_cursor: cursors.seal(output.next_cursor, { principal, tool: tool.name, input }) };
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
    // An aborted handler may fail anywhere; the abort is the reason.
    throw signal.aborted ? abortError(signal) : error;
  }
}

/** The missing thing, by the arguments that ask for it: foreign and absent things get the same words. */
function named(error: unknown, input: ToolOutput): unknown {
  if (!(error instanceof AppError) || error.code !== 'NOT_FOUND' || error.message !== NOT_FOUND) return error;
  return new AppError('NOT_FOUND', {
    message: notFoundBy(Object.keys(input)),
    data: error.data,
    ...(error.detail && { detail: error.detail }),
  });
}

function notFoundBy(given: readonly string[]): string {
  const ids = given.filter((name) => /(?:^|_)ids?$/.test(name));
  const [id] = ids;
  if (id === undefined) {
    const by = given.length === 0 ? '' : ` by these arguments: ${listed(given.map(quoted))}`;
    return `The platform has nothing to be found${by}.`;
  }
  if (ids.length > 1) return `There is nothing with one of these: ${ids.join(', ')}.`;
  const what = id.replace(/_?ids?$/, '').replaceAll('_', ' ');
  if (/ids$/.test(id)) return `${id}: there is no ${what || 'thing'} with one of these ids.`;
  return `There is ${what === '' ? 'nothing' : `no ${what}`} with this ${id}.`;
}

const NOT_FOUND = new AppError('NOT_FOUND').message;

const abortError = ({ reason }: AbortSignal): AppError =>
  reason instanceof AppError ? reason : new AppError('CANCELLED');
