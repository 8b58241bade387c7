import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '@sallyport/core'

/** Folders of the mounts, and where their files belong in the home folder. */
const FOLDERS = { config: '.', keys: 'keys', users: 'users', manifests: 'manifests', secrets: 'secrets' } as const

const FILES_MAX = 1_000
const FILE_BYTES_MAX = 4 * 1_048_576

/**
 * Fills a home folder from what a container has mounted. Orchestrators mount secrets through links, as another account and
 * readable by a group, which a home folder refuses; what the gateway reads is therefore a private copy, in memory where the home
 * is a tmpfs. Files already there are replaced: the mounts are the truth.
 * @param from Folder with `config/`, `keys/`, `users/`, `manifests/` and `secrets/`, each optional.
 * @throws GatewayError `CONFIG_INVALID` when something there is not a plain file of at most 4 MiB, or there are too many.
 */
export function fillHome(from: string, home: string): void {
  for (const [source, target] of Object.entries(FOLDERS)) {
    const folder = join(from, source)
    if (!existsSync(folder)) continue
    const into = join(home, target)
    mkdirSync(into, { recursive: true, mode: 0o700 })
    chmodSync(into, 0o700)
    // Names with two dots are the orchestrator's own: the folder its links lead to.
    const names = readdirSync(folder).filter((name) => !name.startsWith('..'))
    if (names.length > FILES_MAX) throw new GatewayError('CONFIG_INVALID', `${folder}: more than ${FILES_MAX} files`)
    for (const name of names) copy(join(folder, name), join(into, name))
  }
}

function copy(file: string, to: string): void {
  const stat = statSync(file)
  if (!stat.isFile() || stat.size > FILE_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: not a file of at most ${FILE_BYTES_MAX} bytes`)
  writeFileSync(to, readFileSync(file), { mode: 0o600 })
  chmodSync(to, 0o600)
}
