import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { AuditRow } from '../audit/audit-event.ts';

/** Counts for Prometheus. They name tools and codes, never an organisation or a key. */
export type Metrics = {
  observe(row: AuditRow): void;
  /** The exposition format, version 0.0.4. */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'tenantry_requests_total',
    help: 'Requests that owned an audit slot.',
    labelNames: ['method', 'tool', 'status', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'tenantry_request_duration_seconds',
    help: 'From the opening of the audit slot to its closing.',
    labelNames: ['tool'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  return {
    observe({ method, tool, status, errorCode, durationMs }) {
      requests.inc({ method, tool: tool ?? '', status, code: errorCode ?? '' });
      duration.observe({ tool: tool ?? '' }, durationMs / 1000);
    },
    async text() {
      // Those of the process are gathered on the first request: nobody else pays for them.
      if (registry.getSingleMetric('process_cpu_seconds_total') === undefined)
        collectDefaultMetrics({ register: registry });
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
