import { writeFileSync } from 'node:fs'
import { findHelm, hashChart, headOf, RENDERED, renderChart } from './rendered.ts'

// Renders the chart into deploy/rendered, so that what it makes is reviewed and checked where Helm is not installed.
const helm = findHelm()
if (helm === undefined) {
  process.stderr.write('helm is not here; set $HELM to its program\n')
  process.exit(1)
}
writeFileSync(RENDERED, `${headOf(hashChart())}${renderChart(helm)}`)
