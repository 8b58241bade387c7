import { hash } from 'node:crypto'

/** SHA-256 by the runtime. */
export const sha256Native = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')
