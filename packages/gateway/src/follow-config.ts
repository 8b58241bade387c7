import { unwatchFile, watchFile } from 'node:fs'
import { type GatewayError, isGatewayError } from '@sallyport/core'
import { type LoadedConfig, loadConfig } from './load-config.ts'

const POLL_MS = 1_000

/**
 * Follows the configuration file: all of a good version, nothing of a bad one.
 * @returns How to stop.
 */
export function followConfig(
  file: string,
  on: { loaded: (next: LoadedConfig) => void; rejected: (error: GatewayError) => void },
): () => void {
  const look = (): void => {
    try {
      on.loaded(loadConfig(file))
    } catch (error) {
      if (!isGatewayError(error)) throw error
      on.rejected(error)
    }
  }
  watchFile(file, { interval: POLL_MS, persistent: false }, look)
  return () => unwatchFile(file, look)
}
