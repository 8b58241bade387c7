import { DurationMs, Id } from '@sallyport/core'
import { z } from 'zod'

const OidcProvider = z.strictObject({
  id: Id,
  label: z.string().min(1).max(64).meta({ description: 'What the sign-in page calls it.' }),
  issuer: z.url({ protocol: /^https?$/ }).meta({ description: 'Exactly as its tokens say it.' }),
  jwksUrl: z.url({ protocol: /^https?$/ }).meta({ description: 'Where its keys are.' }),
  clientId: z.string().min(1).max(256),
  clientSecret: z.string().max(10_000).optional().meta({ description: 'Only the console process uses it.' }),
  algorithms: z
    .array(z.enum(['EdDSA', 'ES256', 'ES384', 'RS256', 'PS256']))
    .min(1)
    .default(['EdDSA', 'ES256', 'RS256']),
  scope: z.string().max(500).default('openid'),
})
export type OidcProvider = z.infer<typeof OidcProvider>

/** Where people sign in with a browser: a process and a port of its own, never the one agents connect to. */
export const ConsoleConfig = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(1).max(65_535).default(7_701),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description:
        'What people open; its host is what passkeys are bound to, so it cannot change without enrolling anew. `http://localhost:<port>` unless set.',
    }),
  tls: z.strictObject({ certFile: z.string(), keyFile: z.string() }).optional(),
  trustProxy: z
    .boolean()
    .default(false)
    .meta({ description: 'A proxy in front says the address of the caller; sign-ins are counted by it.' }),
  sessionMs: DurationMs.default(12 * 3_600_000).meta({ description: 'Longest time one sign-in lasts.' }),
  idleMs: DurationMs.default(3_600_000).meta({ description: 'A sign-in nobody used for this long is over.' }),
  linkMs: DurationMs.default(15 * 60_000).meta({ description: 'How long a one-time link works.' }),
  oidc: z.array(OidcProvider).max(5).default([]),
})
export type ConsoleConfig = z.infer<typeof ConsoleConfig>

/** Where people look at a request for approval once they have signed in; nobody sees more there than they may. */
export function approvalUrl(console: Pick<ConsoleConfig, 'publicUrl' | 'port'>): (id: string) => string {
  const { origin } = consoleOrigin(console)
  return (id) => `${origin}/approvals/${id}`
}

/** What passkeys are bound to, and what browsers say as Origin. */
export function consoleOrigin({ publicUrl, port }: Pick<ConsoleConfig, 'publicUrl' | 'port'>): { origin: string; rpId: string } {
  const { origin, hostname } = new URL(publicUrl ?? `http://localhost:${port}`)
  return { origin, rpId: hostname }
}
