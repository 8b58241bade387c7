import { GatewayError } from '@sallyport/core'
import { z } from 'zod'
import { defineVerb } from './define-verb.ts'

export const auditKey = defineVerb({
  name: 'audit.key',
  summary: 'Record that the key of the log is about to be rotated, certified or revoked',
  roles: ['owner', 'security'],
  confirm: () => true,
  input: z.strictObject({
    act: z.enum(['rotate', 'certify', 'revoke']),
    statement: z.string().max(10_000).optional().meta({ description: 'The signed statement, where it exists already.' }),
  }),
  output: z.strictObject({ act: z.string() }),
  target: (input) => input.act,
  run(deps, input) {
    // A log has one key at a time, and a running gateway signs with the one it started with.
    if (deps.running) throw new GatewayError('CONFLICT', 'stop the gateway first; it signs with the key it started with')
    const { act, statement } = input
    return { output: { act }, ...(statement !== undefined && { detail: { statement } }) }
  },
})
