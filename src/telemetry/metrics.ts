import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { AuditRow } from '../audit/audit-event.ts';
import type { Fleet } from '../workers/fleet.ts';

/** Prometheus metrics. Labels name tools and codes, never an organisation or a key. */
export type Metrics = {
  observe(row: AuditRow): void;
  /**
   * All metrics in the Prometheus text format, version 0.0.4
   * (https://prometheus.io/docs/instrumenting/exposition_formats).
   */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
};

/** Counts the requests of this process; `text` covers all processes of the fleet. */
export function createMetrics(fleet: Fleet): Metrics {
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
  const reportsOfAll = fleet.reports(() => {
    // The process metrics are costly. They start with the first scrape.
    if (registry.getSingleMetric('process_cpu_seconds_total') === undefined)
      collectDefaultMetrics({ register: registry });
    return registry.getMetricsAsJSON();
  });
  return {
    observe({ method, tool, status, errorCode, durationMs }) {
      requests.inc({ method, tool: tool ?? '', status, code: errorCode ?? '' });
      duration.observe({ tool: tool ?? '' }, durationMs / 1000);
    },
    async text() {
      const reports = (await reportsOfAll()) as object[][];
      const all = AggregatorRegistry.aggregate(reports);
      return { contentType: all.contentType, body: await all.metrics() };
    },
  };
}
