import { runProgram } from '../report.ts'
import { clients } from './clients.ts'
import { conformance } from './conformance.ts'
import { crash } from './crash.ts'

process.exitCode = await runProgram('eval', { conformance, clients, crash }, process.argv.slice(2))
