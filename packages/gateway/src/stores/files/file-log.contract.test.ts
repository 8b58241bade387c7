import { auditLogContract } from '../audit-log.contract.ts'
import { filesPlace } from '../fixtures/log-places.ts'

auditLogContract({ name: 'files', place: filesPlace, writers: 1 })
