import { type AuditSlot, openAuditSlot, type SlotDeps } from '../../../audit/audit-slot.ts';
import type { AddressSet } from '../../../identity/client-address.ts';
import { requestFacts } from '../request-facts.ts';
import type { Arrived } from '../step-runner.ts';
import type { Matched } from './match-route.ts';

/** From here on the request owns one audit slot, closed once, before its answer leaves. */
export type Audited = { readonly slot: AuditSlot; readonly clientAddress: string | null };

export type SlotStepDeps = { readonly slot: SlotDeps; readonly trustedProxies: AddressSet };

export const openSlot =
  (deps: SlotStepDeps) =>
  ({ request, target }: Arrived & Matched): Audited => {
    const facts = requestFacts(request, target, deps.trustedProxies);
    return { slot: openAuditSlot(facts, deps.slot), clientAddress: facts.clientAddress };
  };
