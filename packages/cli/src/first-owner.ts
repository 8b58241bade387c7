import { existsSync, readdirSync, rmSync } from 'node:fs'
import { Id } from '@sallyport/core'
import {
  newPrivateKeyPem,
  parsePrivateKey,
  rawPublicKey,
  writeSecret,
  type ControlAnswer,
  type FirstOwner,
  type Home,
} from '@sallyport/gateway'

/**
 * Makes the first user of a home folder that has none: an owner, named `wanted` or `owner`, with a key in the users folder.
 * Returns the name, or `undefined` when there are users already.
 */
export async function createFirstOwner(
  home: Home,
  wanted: string | undefined,
  call: (request: FirstOwner) => Promise<ControlAnswer>,
): Promise<string | undefined> {
  if (readdirSync(home.usersDir).some((name) => name.endsWith('.key'))) return undefined
  const user = Id.safeParse(wanted?.toLowerCase()).data ?? 'owner'
  const file = home.userKeyFile(user)
  if (existsSync(file)) return undefined
  const pem = newPrivateKeyPem()
  try {
    writeSecret(file, pem)
  } catch (error) {
    // A home folder that several gateways share is often read-only: people's keys lie elsewhere.
    if (error instanceof Error && 'code' in error && error.code === 'EROFS') return undefined
    throw error
  }
  const publicKey = Buffer.from(rawPublicKey(parsePrivateKey(pem, file))).toString('base64')
  const answer = await call({ firstOwner: { user, roles: ['owner', 'engineer'], attributes: {}, publicKey } })
  if (answer.ok) return user
  // Users exist, but their keys lie elsewhere.
  rmSync(file)
  return undefined
}
