import type { JsonObject } from './json.ts'

/** A person whose identity an issuer vouched for. `attributes` are verified claims, usable as `$user.<name>`. */
export interface User {
  readonly id: string
  readonly issuer: string
  readonly attributes: JsonObject
}

/** Who acts, as the gateway verified it. Nothing in here was taken from a client's claim. */
export interface Principal {
  readonly agent: string
  /** Id of the credential used; never the secret. */
  readonly credential: string
  readonly method: 'agent_key' | 'session_token' | 'jwt'
  /** Task type the credential was issued for; absent for a credential that may only be exchanged. */
  readonly task?: string
  /** Originating user; absent means the system itself started the work. */
  readonly user?: User
  readonly session: string
  readonly purpose?: string
  /** Isolation epoch the credential was issued in; a lower one than the agent's is dead. */
  readonly epoch: number
}

/** Hints a client sent. Stored as unverified, never used to decide. */
export interface Correlation {
  readonly traceparent?: string
  readonly clientName?: string
  readonly clientSession?: string
}
