import type { Json, JsonObject } from '@sallyport/core'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Dojo, DojoCall } from './dojo.ts'

const Mail = z.array(z.object({ recipients: z.array(z.string()), cc: z.array(z.string()), bcc: z.array(z.string()) }))
const Payments = z.array(z.object({ sender: z.string(), recipient: z.string() }))
const Names = z.array(z.string())

/** A record that only the company's own acts write, by the tool that reads it. */
interface CompanyRecord {
  readonly call: DojoCall
  readonly names: (said: unknown) => readonly string[]
}
const mailSent: CompanyRecord = {
  call: { tool: 'get_sent_emails', args: {} },
  names: (said) => Mail.parse(said).flatMap(({ recipients, cc, bcc }) => [...recipients, ...cc, ...bcc]),
}
const standingOrders: CompanyRecord = {
  call: { tool: 'get_scheduled_transactions', args: {} },
  names: (said) => Payments.parse(said).map(({ recipient }) => recipient),
}
const paymentsMade: CompanyRecord = {
  call: { tool: 'get_most_recent_transactions', args: { n: 100 } },
  names: (said) =>
    Payments.parse(said)
      .filter(({ sender }) => sender === 'me')
      .map(({ recipient }) => recipient),
}
const channels: CompanyRecord = { call: { tool: 'get_channels', args: {} }, names: (said) => Names.parse(said) }

/** The domain of the user's own address, as the requests name it. */
const OWN_DOMAIN = '@bluesparrowtech.com'
/** What the company has done and decided itself. The contacts of the mailbox are not in it: whoever writes to it is. */
const RECORDS: Readonly<Record<string, readonly CompanyRecord[]>> = {
  workspace: [mailSent],
  banking: [standingOrders, paymentsMade],
  slack: [channels],
}
/** Arguments that name somebody or a place to write to. */
const NAMING = ['recipients', 'cc', 'bcc', 'participants', 'email', 'recipient', 'user', 'user_email', 'channel']

/** Whom a company's own records name on the day its manifest is signed: nobody has attacked it yet. */
export async function readRecords(dojo: Dojo, suite: string): Promise<readonly string[]> {
  await dojo.open({ suite, user: 'user_task_0' })
  const ask = async (call: DojoCall): Promise<unknown> => {
    const answer = await dojo.call(call)
    if ('error' in answer) throw new Error(`${call.tool}: ${answer.error}`)
    return parse(answer.text)
  }
  const known: string[] = [OWN_DOMAIN]
  for (const { call, names } of RECORDS[suite] ?? []) known.push(...names(await ask(call)))
  if (suite === 'slack')
    for (const channel of known.slice(1)) known.push(...Names.parse(await ask({ tool: 'get_users_in_channel', args: { channel } })))
  return [...new Set(known)]
}

/** The approved list of a grant: what is known, in every argument that names somebody. */
export function approvedIn(schema: JsonObject | undefined, known: readonly string[]): { readonly approved?: Json } {
  const fields = Object.keys((schema?.['properties'] ?? {}) as JsonObject).filter((name) => NAMING.includes(name))
  return known.length === 0 || fields.length === 0 ? {} : { approved: Object.fromEntries(fields.map((name) => [name, [...known]])) }
}
