import { type ErrorCode, ERRORS, GatewayError, type Json } from '@sallyport/core'
import { callControl, followControl, type SignIn, type WebRequest } from '../control/index.ts'

/** A request as it stands after its body was parsed. */
export type LinkRequest = (Omit<WebRequest, 'input'> & { readonly input: Json }) | SignIn

/** The gateway behind its control socket. This process holds no right of its own: every call carries the browser's. */
export interface GatewayLink {
  /** @throws GatewayError with the code of a refusal; `STORE_UNAVAILABLE` when no gateway runs */
  call(request: LinkRequest): Promise<Json>
  /** Entries of the log as they come, one text of JSON each. Ends with the session, the gateway, or the signal. */
  follow(request: WebRequest, signal: AbortSignal): AsyncIterable<string>
}

export function linkTo(controlSocket: string): GatewayLink {
  return {
    async call(request) {
      const answer = await callControl(controlSocket, request as WebRequest | SignIn)
      if (!answer) throw gone()
      if (answer.ok) return answer.output
      throw new GatewayError(codeOf(answer.code), answer.message)
    },
    async *follow(request, signal) {
      for await (const line of followControl(controlSocket, request, signal)) {
        if ('code' in line) throw new GatewayError(codeOf(line.code), line.message)
        yield* line.entries
      }
    },
  }
}

function gone(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the gateway does not run; start it with "sallyport up"')
}

function codeOf(code: string): ErrorCode {
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL'
}
