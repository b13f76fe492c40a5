import type { IncomingMessage } from 'node:http';
import { type AuditSlot, openAuditSlot, type SlotDeps } from '../audit/audit-slot.ts';
import { AppError, toAppError } from '../errors.ts';
import type { AddressSet } from '../identity/client-address.ts';
import { hasCredential } from '../identity/credential.ts';
import { type IdentityDeps, identify } from '../identity/identify.ts';
import type { Tool } from '../tool/define-tool.ts';
import { mayCall } from '../tool/gate.ts';
import type { Registry } from '../tool/registry.ts';
import { docsPage } from './docs-page.ts';
import type { Answer } from './exchange.ts';
import { failureAnswer } from './failure-response.ts';
import { openJson } from './open-routes.ts';
import { openApiDocument } from './openapi.ts';
import { requestFacts } from './request-facts.ts';
import { readTarget } from './target.ts';

type DocumentDeps = {
  readonly version: string;
  readonly tools: Registry;
  readonly identity: IdentityDeps;
  readonly organizationHeader: string;
  readonly trustedProxies: AddressSet;
  readonly slot: SlotDeps;
};

/** `/openapi.json` and `/docs`: the built-in operations or, with a credential, exactly what it may call. */
export function createDocumentRoutes(deps: DocumentDeps) {
  const shown = (render: (tools: readonly Tool[]) => Answer) => async (request: IncomingMessage) => {
    const all = deps.tools.all.filter((tool) => tool.rest !== null);
    if (!hasCredential(request.rawHeaders)) return render(all);
    const facts = requestFacts(request, readTarget(request.url ?? ''), deps.trustedProxies);
    const slot = openAuditSlot(facts, deps.slot);
    return audited(slot, async () => {
      const presented = {
        ...facts,
        rawHeaders: request.rawHeaders,
        headerName: deps.organizationHeader,
        urlSegment: undefined,
      };
      const { caller } = await identify(presented, slot, deps.identity);
      return render(all.filter((tool) => mayCall(caller, tool)));
    });
  };
  return {
    '/openapi.json': shown((tools) => openJson(200, openApiDocument(tools, deps.version))),
    '/docs': shown((tools) => docsPage(tools)),
  };
}

/** A credential that is checked anywhere leaves its row. */
async function audited(slot: AuditSlot, work: () => Promise<Answer>): Promise<Answer> {
  try {
    const answer = await work();
    await slot.close({ status: answer.status });
    return { ...answer, requestId: slot.requestId };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!(thrown instanceof AppError)) throw thrown;
    await slot.close({ status: error.status, errorCode: error.code, change: error.detail });
    return { ...failureAnswer(error, 'rest', slot.requestId, null), requestId: slot.requestId };
  }
}
