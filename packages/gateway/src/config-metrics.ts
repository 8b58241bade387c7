import { z } from 'zod'

export const MetricsConfig = z
  .strictObject({
    host: z
      .string()
      .default('127.0.0.1')
      .meta({ description: 'Address of the metrics listener; off loopback it needs `tls` and a token.' }),
    port: z.int().min(0).max(65_535).meta({ description: 'Port of `/metrics`.' }),
    tls: z.strictObject({ certFile: z.string(), keyFile: z.string() }).optional().meta({ description: 'Needed off loopback.' }),
    token: z
      .string()
      .min(16)
      .max(1_000)
      .optional()
      .meta({ description: 'Bearer token a scraper must send; `${env:NAME}` is replaced.' }),
  })
  .optional()
  .meta({ description: 'Prometheus metrics on a listener of their own; off unless set.' })
export type MetricsConfig = z.infer<typeof MetricsConfig>
