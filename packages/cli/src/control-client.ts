import type { KeyObject } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { GatewayError, type ErrorCode, type Json } from '@sallyport/core'
import {
  callControl,
  callOffline,
  openHome,
  parsePrivateKey,
  readSecret,
  signRequest,
  VERBS,
  type ControlAnswer,
  type ControlRequest,
  type FirstOwner,
  type Home,
  type VerbName,
} from '@sallyport/gateway'
import type { z } from 'zod'
import type { Context } from './define-command.ts'

type OutputOf<V extends VerbName> = z.output<(typeof VERBS)[V]['output']>
type InputOf<V extends VerbName> = z.input<(typeof VERBS)[V]['input']>

/** One person at the control plane. */
export interface ControlClient {
  readonly user: string
  readonly key: KeyObject
  readonly home: Home
  /** Signs and sends one call. @throws GatewayError with the code the control plane answered */
  call<V extends VerbName>(verb: V, input: InputOf<V>): Promise<OutputOf<V>>
}

/**
 * Calls go to the running gateway over its socket; when none runs, the same verbs act on its stores directly.
 * @throws GatewayError `IDENTITY_INVALID` when it is not clear who asks, `CONFIG_*` for the home folder
 */
export function openClient(context: Context): ControlClient {
  const home = openHome(context.homeDir, { create: false })
  const user = whoAsks(context, home)
  const file = home.userKeyFile(user)
  const key = parsePrivateKey(readSecret(file), file)
  return {
    user,
    key,
    home,
    async call(verb, input) {
      const sign = (): ControlRequest => signRequest({ verb, input: input as Json, user }, key, Date.now())
      return unwrap(await callAnywhere(home, sign)) as OutputOf<typeof verb>
    },
  }
}

/** Sends a request to the running gateway, or answers it here. It is signed when it is sent: old signatures are refused. */
export async function callAnywhere(home: Home, request: () => ControlRequest | FirstOwner): Promise<ControlAnswer> {
  return (await callControl(home.controlSocket, request())) ?? (await callOffline({ homeDir: home.dir, nowMs: Date.now }, request))
}

/** @throws GatewayError with the code of a refusal */
export function unwrap(answer: ControlAnswer): Json {
  if (answer.ok) return answer.output
  throw new GatewayError(answer.code as ErrorCode, answer.message)
}

/** People whose keys are in the home folder. */
export function keysIn({ usersDir }: Pick<Home, 'usersDir'>): string[] {
  return readdirSync(usersDir)
    .filter((name) => name.endsWith('.key'))
    .map((name) => name.slice(0, -4))
    .sort()
}

function whoAsks(context: Context, home: Home): string {
  const known = keysIn(home)
  const login = context.env['USER']
  const user = context.user ?? (known.length === 1 ? known[0] : known.find((name) => name === login))
  if (user !== undefined && /^[a-z0-9-]{1,64}$/.test(user) && existsSync(home.userKeyFile(user))) return user
  const what = user === undefined ? 'it is not clear who asks' : 'no key of this user is here'
  throw new GatewayError('IDENTITY_INVALID', `${what}; keys in ${home.usersDir}: ${known.join(', ') || 'none'}`)
}
