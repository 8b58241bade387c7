import type { ErrorCode } from '@sallyport/core'

/** Every exit code of the command line. `docs/reference/cli.md` is generated from this table. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'done; checks passed' },
  refused: { code: 1, means: 'refused, or a check failed: what was asked did not happen, or something is wrong' },
  usage: { code: 2, means: 'the command was not understood: an unknown option, a missing argument, a value out of range' },
  unavailable: { code: 3, means: 'something needed is not there now: the state, the audit log, a gateway, a server; try again' },
  config: { code: 4, means: 'the home folder, its configuration or a secret cannot be used as it is' },
  bug: { code: 70, means: 'a bug; please report it' },
} as const
export type ExitName = keyof typeof EXIT_CODES

/** What a person does about an error, where the code alone tells. */
const TODO: Partial<Record<ErrorCode, string>> = {
  AUDIT_INVALID: 'sallyport audit verify names the first bad entry; keep the folder as it is',
  AUDIT_UNAVAILABLE: 'check disk space and permissions of the log folder',
  CONFIG_INVALID: 'correct the file, then: sallyport doctor',
  CONFIG_INSECURE: 'run what the message says, then: sallyport doctor',
  CONFLICT: 'look at the current state, then decide',
  IDENTITY_FORBIDDEN: 'ask somebody with the role, or name yourself with --as',
  IDENTITY_INVALID: 'name yourself with --as; your key must be in the users folder of the home',
  NOT_FOUND: 'check the name; the list commands show what there is',
  STORE_LOCKED: 'another process uses this home folder; stop it',
  STORE_UNAVAILABLE: 'check disk space and permissions of the home folder',
  UPSTREAM_UNAVAILABLE: 'start the tool server or the gateway, then try again',
}

export function exitOf(code: string): ExitName {
  if (code.startsWith('CONFIG_')) return 'config'
  if (code.startsWith('REQUEST_')) return 'usage'
  if (code === 'INTERNAL') return 'bug'
  if (code === 'AUDIT_UNAVAILABLE' || /^(?:STORE|UPSTREAM|KEYS|LIMIT)_/.test(code)) return 'unavailable'
  return 'refused'
}

export function todoOf(code: string): string | undefined {
  return Object.hasOwn(TODO, code) ? TODO[code as ErrorCode] : undefined
}
