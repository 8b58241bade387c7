import { runProgram } from '../report.ts'
import { audit } from './audit.ts'
import { console } from './console.ts'
import { run as decide } from './decide.ts'
import { run as flow } from './flow.ts'
import { gateway } from './gateway.ts'
import { guard } from './guard.ts'
import { models } from './models.ts'

const programs = {
  gateway,
  decide: { about: 'ns of one pure decision by size of the manifest and number of agents', run: decide },
  audit,
  console,
  flow: { about: 'µs to find where the arguments of an act stood in what a session read', run: flow },
  guard,
  models,
}
process.exitCode = await runProgram('bench', programs, process.argv.slice(2))
