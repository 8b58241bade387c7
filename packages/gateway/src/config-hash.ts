import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jcs, sha256Hex, type Json } from '@sallyport/core'
import type { LoadedConfig } from './load-config.ts'

const SECRET = '(secret)'
/** Members that hold secrets as they are, or references to them. */
const SECRET_MEMBERS = /^(?:env|headers)$|secret|password|token|credential/i

/** The configuration in force without its secrets, as canonical JSON, and its SHA-256: what entries name it by. */
export function publicConfig({ config, secrets }: Pick<LoadedConfig, 'config' | 'secrets'>): {
  readonly text: string
  readonly hash: string
} {
  const text = jcs(withoutSecrets(config as unknown as Json, new Set(secrets)))
  return { text, hash: sha256Hex(text) }
}

/** Keeps the text under its hash, so that a past configuration can be read back. Once written it never changes. */
export function keepConfig(dir: string, { text, hash }: { readonly text: string; readonly hash: string }): void {
  const file = join(dir, `${hash}.json`)
  if (existsSync(file)) return
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeFileSync(file, text, { mode: 0o600 })
}

function withoutSecrets(value: Json, secrets: ReadonlySet<string>, isSecret: boolean = false): Json {
  if (typeof value === 'string')
    return isSecret || [...secrets].some((secret) => secret !== '' && value.includes(secret)) ? SECRET : value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item: Json) => withoutSecrets(item, secrets, isSecret))
  const members = Object.entries(value as Record<string, Json | undefined>).filter(
    (pair): pair is [string, Json] => pair[1] !== undefined,
  )
  return Object.fromEntries(
    members.map(([name, member]) => [name, withoutSecrets(member, secrets, isSecret || SECRET_MEMBERS.test(name))]),
  )
}
