import { z } from 'zod';
import { headerName } from './http.ts';
import { isTakenOnTheWayIn } from './taken-headers.ts';

const hostName = z
  .string()
  .regex(/^[a-z0-9.-]{1,253}$|^\[[0-9a-f:]{2,45}\]$/, 'expected a host name without a port');
const origin = z
  .string()
  .regex(/^https?:\/\/[a-z0-9.:[\]-]+$/, 'expected an origin such as "https://app.example.com"');

/** Where and for whom the server answers, and with how many processes. */
export const server = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: z
      .int('expected a whole number from 0 to 65535')
      .min(0)
      .max(65_535)
      .default(8080)
      .describe('The port to listen on; 0 takes any free one.'),
    allowedHosts: z
      .array(hostName)
      .default([])
      .describe('Names that the Host header may carry, besides the loopback ones on a loopback address.'),
    allowedOrigins: z.array(origin).default([]).describe('Browser origins that may call; empty allows none.'),
    trustedProxies: z
      .array(
        z.union(
          [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()],
          'expected an address or a CIDR such as "10.0.0.0/8"',
        ),
      )
      .default([])
      .describe('Addresses or CIDRs of proxies whose X-Forwarded-For is believed.'),
    organizationHeader: headerName
      .refine((name) => !isTakenOnTheWayIn(name), 'expected a header of its own, such as "X-Organization-Id"')
      .default('X-Organization-Id')
      .describe('The header in which a client names the organisation.'),
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Processes that answer on the port, about one for each core of the machine.'),
    fastLane: z
      .boolean()
      .default(true)
      .describe('Off sends every MCP request through the MCP SDK, which takes several times as long.'),
  })
  .prefault({});
