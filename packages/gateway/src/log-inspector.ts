import type { NoteKey } from '@sallyport/core'
import { rawPublicKey } from './ed25519.ts'
import type { Home } from './home.ts'

/** What people ask of the log besides reading entries. A reader of its files can answer as well as its writer. */
export interface LogInspector {
  /** Verifies everything; `problem` names the first bad entry and why. */
  verify(): Promise<{ ok: boolean; size: number; rootHash: string; problem?: string }>
  /** Inclusion proof of one entry against the newest checkpoint, as text anyone can verify (`formatProof`). */
  prove(index: number): Promise<string>
  /**
   * Copies the log and its public key into a new folder. Returns the number of entries its checkpoint covers.
   * @throws GatewayError `CONFLICT` when the folder exists.
   */
  exportTo(dir: string): Promise<{ entries: number }>
}

/** The public key that checkpoints of a home's log verify with. */
export function auditKeyOf(home: Pick<Home, 'auditKey' | 'auditOrigin'>): NoteKey {
  return { name: home.auditOrigin, publicKey: rawPublicKey(home.auditKey) }
}
