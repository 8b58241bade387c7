import type { FastifyRequest } from 'fastify'
import type { ConsoleConfig } from '../config-console.ts'
import type { Cookies } from './cookies.ts'
import type { GatewayLink } from './gateway-link.ts'

/** What the routes share. */
export interface RouteDeps {
  readonly config: ConsoleConfig
  readonly origin: string
  readonly cookies: Cookies
  readonly link: GatewayLink
  readonly nowMs: () => number
  /** Counts one attempt to sign in. @throws GatewayError `LIMIT_RATE` */
  attempt(request: FastifyRequest): void
  /**
   * The session's token. What changes something must come from a page of this session.
   * @throws GatewayError `IDENTITY_MISSING`, `REQUEST_ORIGIN`
   */
  requireSession(request: FastifyRequest, act: 'read' | 'change'): string
  /** The passkey over this request, where one came along. */
  confirmOf(request: FastifyRequest): { confirm?: never }
}
