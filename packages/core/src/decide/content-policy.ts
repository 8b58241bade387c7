import { GatewayError } from '../errors.ts'
import type { Action } from '../model/action.ts'
import type { DataClass } from '../model/content-class.ts'
import type { ToolGrant } from '../model/manifest.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledManifest } from './compile.ts'
import { valueAt } from './entities.ts'
import { taskOf } from './grants.ts'

/** What a grant says about the content of its acts. */
export interface ContentPolicy {
  /** Segments of the argument that names the person; absent: the originating user. */
  readonly subject?: readonly string[]
  /** Sorted, each once. */
  readonly classes: readonly string[]
  readonly keep?: { readonly input: boolean; readonly output: boolean; readonly class: DataClass }
}

/** A policy applied to one act. */
export interface ContentOf extends Pick<ContentPolicy, 'classes' | 'keep'> {
  /** Who the content is about; absent: nobody. Personal data: it goes to the vault and nowhere else. */
  readonly subject?: string
}

/** Longest name of a person, in characters. */
export const SUBJECT_CHARS_MAX = 500

/** `undefined` for a grant that says nothing about content: its acts are about nobody. */
export function compileContent({ keep, subject, classes }: ToolGrant): ContentPolicy | undefined {
  if (keep === undefined && subject === undefined && classes === undefined) return undefined
  return {
    ...(subject === undefined ? {} : { subject: subject.split('.') }),
    classes: [...new Set([...(classes ?? []), ...(keep ? [keep.class] : [])])].sort(),
    ...(keep && { keep }),
  }
}

/**
 * What an act's content is about and whether it is kept; `undefined` when its grant does not say.
 * @throws GatewayError `REQUEST_PARAMS` when the argument that has to name the person does not.
 */
export function contentOf(
  principal: Principal,
  action: Pick<Action, 'kind' | 'server' | 'name' | 'args'>,
  manifest: CompiledManifest,
): ContentOf | undefined {
  if (action.kind !== 'tool.call') return undefined
  const policy = taskOf(principal, manifest)?.tools.get(`${action.server}.${action.name}`)?.content
  if (policy === undefined) return undefined
  const { classes, keep } = policy
  const subject = policy.subject
    ? subjectId(valueAt(action.args, policy.subject))
    : principal.user && subjectId(userSubject(principal.user))
  return { classes, ...(subject === undefined ? {} : { subject }), ...(keep && { keep }) }
}

/** How a person who uses an agent is named as a subject: `user:<issuer>/<id>`, with `%` and `/` of the id as `%25` and `%2F`. */
export function userSubject({ issuer, id }: { readonly issuer: string; readonly id: string }): string {
  return `user:${issuer}/${id.replaceAll('%', '%25').replaceAll('/', '%2F')}`
}

/**
 * One form for one person: Unicode NFC, without space around it. A number that may have been another one before it was read, as
 * one beyond 2^53 may, names nobody.
 * @throws GatewayError `REQUEST_PARAMS`
 */
export function subjectId(value: unknown): string {
  const text = Number.isSafeInteger(value) ? String(value) : value
  const id = typeof text === 'string' && text.isWellFormed() ? text.normalize('NFC').trim() : ''
  if (id === '' || id.length > SUBJECT_CHARS_MAX)
    throw new GatewayError(
      'REQUEST_PARAMS',
      `the argument that names the person is not a text of 1 to ${SUBJECT_CHARS_MAX} characters`,
    )
  return id
}
