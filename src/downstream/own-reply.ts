import { AppError } from '../errors.ts';
import type { DownstreamTerms } from './downstream.ts';

const MOST_DEPTH = 100;

type ReplyTerms = Pick<DownstreamTerms, 'replyField' | 'requireOrganizationInReply'>;

/**
 * Every object of a reply that names an organisation must name this one; where that is required, at least one must.
 *
 * @throws TENANT_MISMATCH; DOWNSTREAM_FAILED for a reply that is nested too deeply to be looked at
 */
export function requireOwnReply(
  reply: unknown,
  organizationId: string,
  { replyField, requireOrganizationInReply }: ReplyTerms,
): void {
  // Nothing is nobody's.
  if (reply === undefined) return;
  let isNamed = false;
  // A list of what is still to be looked at, not recursion: the depth is somebody else's choice.
  const open: { readonly value: object; readonly depth: number }[] = [];
  const add = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    if (depth > MOST_DEPTH) throw new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'too deep' } });
    open.push({ value, depth });
  };
  add(reply, 1);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (Object.hasOwn(value, replyField)) {
      if ((value as Record<string, unknown>)[replyField] !== organizationId) {
        throw new AppError('TENANT_MISMATCH');
      }
      isNamed = true;
    }
    for (const inner of Object.values(value)) add(inner, depth + 1);
  }
  if (!requireOrganizationInReply || isNamed) return;
  throw new AppError('TENANT_MISMATCH', {
    message: 'The platform did not say for which organisation it answered; nothing is shown.',
    detail: { reason: `no "${replyField}" in the reply`, setting: 'requireOrganizationInReply' },
  });
}
