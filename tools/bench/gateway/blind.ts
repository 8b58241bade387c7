// Loaded before a gateway that is compared with: everything is as it is, but nothing that passes is looked at.
import { registerHooks } from 'node:module'

const BLIND = `
import { openFindings } from './findings.ts'
export const INSPECT_CHARS_MAX = 8_388_608
export const examine = (value, { channel = 'arguments' } = {}) => ({ findings: openFindings(channel), texts: [] })
export const inspect = () => []
`

registerHooks({
  load: (url, context, next) =>
    url.endsWith('/core/src/inspect/inspect.ts') ? { format: 'module', source: BLIND, shortCircuit: true } : next(url, context),
})
