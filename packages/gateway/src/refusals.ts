import type { AuditLog, EntryBody, GatewayError, Principal } from '@sallyport/core'

/** Refusals of callers nobody has identified are written at most this often; the rest are counted, so that they cannot fill the disk. */
const UNVERIFIED_PER_S = 20
const UNVERIFIED_BURST = 200

export interface Refused {
  readonly error: Pick<GatewayError, 'code' | 'message'>
  /** Set once the caller is known. */
  readonly principal?: Principal
  /** What the caller said of itself and its request, unverified and bounded. */
  readonly claims: Readonly<Record<string, string>>
}

/** Records requests that never became an act: no valid identity, no valid message. */
export interface Refusals {
  /** Resolves when the entry is durable, or was counted instead. @throws GatewayError `AUDIT_UNAVAILABLE` */
  record(refused: Refused): Promise<number | undefined>
}

const CLAIM_LENGTH_MAX = 200

export function openRefusals(audit: Pick<AuditLog, 'append'>, nowMs: () => number): Refusals {
  const bucket = { tokens: UNVERIFIED_BURST, atMs: nowMs(), suppressed: 0 }
  return { record }

  async function record({ error, principal, claims }: Refused): Promise<number | undefined> {
    if (!principal && !admitted()) return undefined
    const entry: EntryBody = {
      type: 'refusal',
      actor: principal
        ? { type: 'agent', id: principal.agent, credential: principal.credential, method: principal.method }
        : { type: 'unverified', id: 'unknown' },
      code: error.code,
      detail: error.message.slice(0, CLAIM_LENGTH_MAX),
      claims: Object.fromEntries(
        Object.entries(claims).map(([name, value]) => [name, value.slice(0, CLAIM_LENGTH_MAX).toWellFormed()]),
      ),
      ...(bucket.suppressed > 0 ? { suppressed: bucket.suppressed } : {}),
    }
    const { suppressed } = bucket
    bucket.suppressed = 0
    return audit.append(entry).catch((error: unknown) => {
      bucket.suppressed += suppressed
      throw error
    })
  }

  function admitted(): boolean {
    const now = nowMs()
    // A clock set back must not cost tokens: it would silence the record until it has caught up.
    bucket.tokens = Math.min(UNVERIFIED_BURST, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1_000) * UNVERIFIED_PER_S)
    bucket.atMs = now
    if (bucket.tokens < 1) {
      bucket.suppressed++
      return false
    }
    bucket.tokens--
    return true
  }
}
