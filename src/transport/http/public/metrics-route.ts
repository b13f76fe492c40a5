import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../errors.ts';
import { readCredential } from '../../../identity/read-credential.ts';
import { createSecret } from '../../../secrets/secret.ts';
import type { Metrics } from '../../../telemetry/metrics.ts';
import type { Answer } from '../request-context.ts';

/** `/metrics`, which exists only where a token is set. */
export function createMetricsRoute(metrics: Metrics | null, token: string | null) {
  if (metrics === null || token === null) return {};
  const secret = createSecret(token);
  return {
    '/metrics': async ({ rawHeaders }: IncomingMessage): Promise<Answer> => {
      const sent = readCredential(rawHeaders);
      if (sent === undefined) throw new AppError('AUTHENTICATION_REQUIRED');
      if (!secret.matches(sent)) throw new AppError('INVALID_TOKEN');
      const { contentType, body } = await metrics.text();
      return { status: 200, headers: { 'content-type': contentType }, body, errorCode: null };
    },
  };
}
