import { existsSync } from 'node:fs'
import { CHANNELS, type Channel, GatewayError, policyAt } from '@sallyport/core'
import { Config, GuardConfig, openHome, openScanner, readYaml, type Scanner } from '@sallyport/gateway'
import { InvalidArgumentError } from 'commander'

/**
 * A scanner with the guard that the home folder configures; with the defaults where there is no home folder. No gateway need run.
 * @throws GatewayError `CONFIG_*` for a home folder that is there and cannot be used
 */
export function openHomeScanner(homeDir: string): Scanner {
  if (!existsSync(homeDir)) return openScanner(GuardConfig.parse({}))
  const home = openHome(homeDir, { create: false })
  const { guard } = readYaml(home.configFile, Config)
  return openScanner(policyAt(guard, Date.now()), home.deriveKey('canary'))
}

/** Runs with a scanner and ends its threads. */
export async function withScanner<T>(homeDir: string, run: (scanner: Scanner) => Promise<T>): Promise<T> {
  const scanner = openHomeScanner(homeDir)
  try {
    return await run(scanner)
  } finally {
    await scanner.close()
  }
}

/** A channel, for commander. */
export function parseChannel(text: string): Channel {
  const found = CHANNELS.find((channel) => channel === text)
  if (found === undefined) throw new InvalidArgumentError(`write one of ${CHANNELS.join(', ')}.`)
  return found
}

/** @throws GatewayError `NOT_FOUND` */
export function requireFile(path: string): string {
  if (existsSync(path)) return path
  throw new GatewayError('NOT_FOUND', `${path}: no such file or folder`)
}
