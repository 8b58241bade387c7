import { beforeAll, describe, inject } from 'vitest'
import { createDatabase, type TestDatabase } from '../../fixtures/postgres.ts'
import { auditLogContract } from '../audit-log.contract.ts'
import { postgresPlace } from '../fixtures/log-places.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('PostgreSQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(postgresUrl)
  })
  auditLogContract({ name: 'postgres', place: () => postgresPlace(database), writers: 3 })
})
