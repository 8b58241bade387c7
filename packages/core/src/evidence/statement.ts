import { z } from 'zod'
import { Sha256Hex } from '../model/names.ts'

/** Media type of a statement within its envelope. @see in-toto attestation spec v1, envelope */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json'
const PREDICATE_TYPE = 'https://in-toto.io/attestation/svr/v0.2'
const Name = z.string().min(1).max(500)

/**
 * What was checked of a bundle before it was signed: an in-toto Statement v1 whose predicate is a Simple Verification Result.
 * @see https://github.com/in-toto/attestation, spec/v1/statement.md and spec/predicates/svr.md (v0.2)
 */
export const Statement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.strictObject({ name: Name, digest: z.strictObject({ sha256: Sha256Hex }) }))
    .min(1)
    .max(16),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    verifier: z.strictObject({ id: Name, policies: z.array(z.strictObject({ uri: Name })).max(16) }),
    timeCreated: z.iso.datetime({ precision: 3 }),
    properties: z.array(Name).max(64),
  }),
})
export type Statement = z.infer<typeof Statement>

export function makeStatement(said: {
  readonly subject: Statement['subject']
  readonly verifier: string
  readonly time: string
  readonly properties: readonly string[]
}): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: said.subject,
    predicateType: PREDICATE_TYPE,
    // No policy artifact exists apart from the verifier itself; the specification wants the empty list then.
    predicate: { verifier: { id: said.verifier, policies: [] }, timeCreated: said.time, properties: [...said.properties] },
  }
}
