import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const CHART = join(ROOT, 'deploy', 'helm', 'sallyport')
export const RENDERED = join(ROOT, 'deploy', 'rendered', 'sallyport.yaml')

/** Oldest version the chart supports: what it is rendered for. */
const KUBERNETES = '1.30.0'
const OUTPUT_BYTES_MAX = 4 * 1_048_576

/** First lines of the rendered file: where it comes from, checked where Helm is not installed. */
export function headOf(chartHash: string): string {
  return `# Rendered from deploy/helm/sallyport with rendered-values.yaml by: node tools/deploy/render.ts\n# chart ${chartHash}\n`
}

/** SHA-256 over names and contents of every file of the chart. */
export function hashChart(): string {
  const hash = createHash('sha256')
  const files = readdirSync(CHART, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  for (const path of paths) hash.update(`${path.slice(CHART.length)}\0${readFileSync(path, 'utf8')}\0`)
  return hash.digest('hex')
}

/** Helm's program: `$HELM`, else `helm` on the path; `undefined` where there is none. */
export function findHelm(): string | undefined {
  const helm = process.env['HELM'] ?? 'helm'
  return spawnSync(helm, ['version', '--short']).status === 0 ? helm : undefined
}

/** Renders the chart. @param more Values on top, as `--set-json` takes them. @throws Error with what Helm says */
export function renderChart(helm: string, more: readonly string[] = []): string {
  const args = ['template', 'sallyport', CHART, '-n', 'sallyport', '--kube-version', KUBERNETES]
  const values = ['-f', join(CHART, 'rendered-values.yaml'), ...more.flatMap((value) => ['--set-json', value])]
  const { status, stdout, stderr } = spawnSync(helm, [...args, ...values], { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
