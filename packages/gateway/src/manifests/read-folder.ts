import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { GatewayError, isGatewayError, jcs, Manifest, sha256Hex, type Json } from '@sallyport/core'
import { parseYaml, YAML_BYTES_MAX } from '../read-yaml.ts'
import { ROLES } from '../state-records.ts'

/** Most manifest files in one folder. */
export const MANIFESTS_MAX = 1_000

/** A manifest file as it is now: what it says, or why it cannot be used. */
export type ManifestFile =
  | { readonly agent: string; readonly file: string; readonly manifest: Manifest; readonly hash: string }
  | { readonly agent: string; readonly file: string; readonly problem: string }

/** Files that changed since the last call and files that are gone; `stamps` remembers. @throws GatewayError `CONFIG_INVALID` */
export function changedFiles(dir: string, stamps: Map<string, string>): { readonly changed: string[]; readonly gone: string[] } {
  const files = listManifests(dir)
  const gone = [...stamps.keys()].filter((file) => !files.includes(file))
  for (const file of gone) stamps.delete(file)
  const changed = files.filter((file) => {
    const stamp = stampOf(file)
    if (stamps.get(file) === stamp) return false
    stamps.set(file, stamp)
    return true
  })
  return { changed, gone }
}

/** What tells one state of a file from the next without reading it. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.ino}/${stat.size}/${stat.mtimeNs}/${stat.ctimeNs}`
}

/** Paths of the manifest files in a folder, sorted. */
function listManifests(dir: string): string[] {
  let names: string[]
  try {
    names = readdirSync(dir).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${dir}: the manifest folder cannot be read`, { cause })
  }
  if (names.length > MANIFESTS_MAX) throw new GatewayError('CONFIG_INVALID', `${dir}: more than ${MANIFESTS_MAX} manifests`)
  return names.sort().map((name) => join(dir, name))
}

/** Reads and checks one manifest file. Problems are values: one bad file never stops the others. */
export function readManifest(file: string): ManifestFile {
  const agent = basename(file, '.yaml')
  try {
    return { agent, file, ...parseManifest(readText(file), file) }
  } catch (error) {
    if (!isGatewayError(error)) throw error
    return { agent, file, problem: error.message }
  }
}

/** Checks a manifest's text. @throws GatewayError `CONFIG_INVALID`, naming the path and the reason. */
export function parseManifest(text: string, file: string): { manifest: Manifest; hash: string } {
  const manifest = parseYaml(text, file, Manifest)
  if (basename(file) !== `${manifest.agent}.yaml`)
    throw new GatewayError('CONFIG_INVALID', `${file}: agent: the file must be called ${manifest.agent}.yaml`)
  const unknown = manifest.signOff.find((role) => !(ROLES as readonly string[]).includes(role))
  if (unknown !== undefined)
    throw new GatewayError('CONFIG_INVALID', `${file}: signOff: no such role; roles are ${ROLES.join(', ')}`)
  return { manifest, hash: hashManifest(manifest) }
}

/** SHA-256 of the JCS bytes of a parsed manifest, defaults included: a signature covers what they mean. */
export function hashManifest(manifest: Manifest): string {
  return sha256Hex(jcs(manifest as unknown as Json))
}

function readText(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`)
  if (!stat.isFile() || stat.size > YAML_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: not a file of at most ${YAML_BYTES_MAX} bytes`)
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}
