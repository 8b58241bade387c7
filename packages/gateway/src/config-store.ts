import { z } from 'zod'

/** `${env:NAME}` and `${file:path}` are replaced, as in every secret. */
const DatabaseUrl = z.string().min(1).max(10_000)

export const PostgresStore = z.strictObject({
  type: z.literal('postgres'),
  url: DatabaseUrl.meta({
    description: 'Login that holds the role sallyport_gateway, as `postgres://user:password@host/database?sslmode=verify-full`.',
  }),
  auditorUrl: DatabaseUrl.optional().meta({
    description: 'Login that holds sallyport_auditor: what reads the log, such as followers, exports and "audit" verbs, needs it.',
  }),
  keeperUrl: DatabaseUrl.optional().meta({ description: 'Login that holds sallyport_keeper: what prunes the log needs it.' }),
  allowPlaintext: z
    .boolean()
    .default(false)
    .meta({ description: 'Allow connections without TLS beyond this machine, where something else encrypts them.' }),
  poolMax: z
    .int()
    .min(2)
    .max(200)
    .default(10)
    .meta({ description: 'Most connections of one gateway for acts; a few more follow the state and read the log.' }),
  connectMs: z.int().min(100).max(60_000).default(5_000).meta({ description: 'Longest wait for a connection.' }),
  statementMs: z.int().min(100).max(60_000).default(5_000).meta({ description: 'Longest wait for an answer of the database.' }),
})
export type PostgresStore = z.infer<typeof PostgresStore>

/** Where state, log and budgets are kept. */
export const StoreConfig = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('embedded').meta({ description: 'In the home folder, held by one gateway.' }) }),
  PostgresStore.meta({ description: 'In one PostgreSQL database, shared by any number of gateways.' }),
])
export type StoreConfig = z.infer<typeof StoreConfig>
