import { z } from 'zod'
import { AssertionJson } from '../passkey-assertion.ts'
import { Token } from '../sign-in/tokens.ts'

/** A request of somebody signed in with a browser: one verb, now. */
export const WebRequest = z.strictObject({
  verb: z.string().min(1).max(64),
  input: z.json(),
  session: Token,
  /** Their passkey over exactly this verb and input; verbs that want it refuse without. */
  confirm: z.strictObject({ atMs: z.int().min(0), nonce: z.string().min(16).max(64), response: AssertionJson }).optional(),
  /** Refused when what it acts on is not in this version any more (RFC 9110 §13.1.1). */
  ifMatch: z.string().max(200).optional(),
  /** Nobody did anything: an open page asked by itself, which does not keep the session from ending. */
  background: z.boolean().default(false),
})
export type WebRequest = z.input<typeof WebRequest>

/** How somebody comes in. Nothing of it needs a session, all of it is bounded and recorded. */
export const SignIn = z.strictObject({
  signIn: z.discriminatedUnion('step', [
    z.strictObject({ step: z.literal('passkey.options') }),
    z.strictObject({ step: z.literal('passkey'), response: AssertionJson }),
    z.strictObject({ step: z.literal('link'), token: Token }),
    z.strictObject({ step: z.literal('oidc.begin'), provider: z.string().max(64) }),
    z.strictObject({
      step: z.literal('oidc'),
      provider: z.string().max(64),
      idToken: z.string().max(20_000),
      nonce: z.string().max(100),
      /** Of a link: the account becomes this person's. */
      session: Token.optional(),
    }),
  ]),
})
export type SignIn = z.input<typeof SignIn>
