import { AppError } from '../../../errors.ts';
import type { PublicRoutes } from '../public/public-routes.ts';
import { isSignInPath, noSignIn } from '../public/sign-in.ts';
import type { Answer } from '../request-context.ts';
import type { Arrived } from '../step-runner.ts';
import { preflightAnswer } from '../wire/write-answer.ts';
import type { Matched } from './match-route.ts';
import type { Sent } from './require-sender.ts';

export type PublicDeps = {
  readonly publicRoutes: PublicRoutes;
  /** In lower case. */
  readonly organizationHeader: string;
};

const NO_PATH = 'Nothing is served at this path; MCP is at /mcp, and /docs lists the others.';

/** Answers what needs no credential; undefined where one is needed. @throws NOT_FOUND, METHOD_NOT_ALLOWED */
export const answerPublic =
  ({ publicRoutes, organizationHeader }: PublicDeps) =>
  async ({
    request,
    target,
    route,
    origin,
  }: Arrived & Matched & Sent): Promise<{ readonly answer: Answer } | undefined> => {
    const { method = '' } = request;
    const { pathname } = target;
    const answer = await publicRoutes.answer(method, pathname, request);
    if (answer !== undefined) return { answer };
    if (route.kind !== 'public') return undefined;
    const allow = method !== 'GET' && publicRoutes.has(pathname) ? ['GET'] : route.allow;
    if (allow.length === 0 && isSignInPath(pathname)) return { answer: noSignIn };
    if (allow.length === 0) throw new AppError('NOT_FOUND', { message: NO_PATH });
    if (method !== 'OPTIONS' || origin === undefined)
      throw new AppError('METHOD_NOT_ALLOWED', { data: { allow } });
    return { answer: preflightAnswer(allow, organizationHeader) };
  };
