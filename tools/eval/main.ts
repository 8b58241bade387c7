import { runProgram } from '../report.ts'
import { approvals } from './approvals.ts'
import { audit } from './audit.ts'
import { behaviour } from './behaviour.ts'
import { clients } from './clients.ts'
import { conformance } from './conformance.ts'
import { console } from './console.ts'
import { coverage } from './coverage.ts'
import { crash } from './crash.ts'
import { deployment } from './deployment.ts'
import { dlp } from './dlp.ts'
import { enforcement } from './enforcement.ts'
import { erasure } from './erasure.ts'
import { guard } from './guard.ts'
import { replicas } from './replicas.ts'
import { siem } from './siem.ts'
import { wires } from './wires.ts'

process.exitCode = await runProgram(
  'eval',
  {
    approvals,
    audit,
    behaviour,
    conformance,
    clients,
    console,
    coverage,
    crash,
    deployment,
    dlp,
    enforcement,
    erasure,
    guard,
    replicas,
    siem,
    wires,
  },
  process.argv.slice(2),
)
