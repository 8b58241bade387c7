import { dirname, posix } from 'node:path'
import { IMPORT_TABLE, type ImportRule } from './import-table.ts'
import { longFunctions } from './long-functions.ts'

const FILE_LINES_MAX = 400
const BANNED = ['utils', 'helpers', 'manager', 'service', 'data', 'info', 'process']
/** Stand for a banned word wherever they appear in an exported name; the others only as the whole name. */
const BANNED_WITHIN = /^(?:utils?|helpers?|managers?|services?)$/i

export interface SourceFile {
  /** Repository-relative, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Everything the house rules object to in one file, as sentences; empty when it is tidy. */
export function violations(file: SourceFile): string[] {
  const code = withoutComments(file.text)
  const long = isTest(file.path) ? [] : longFunctions(file.text)
  return [...nameViolations(file.path), ...textViolations(file, code), ...long, ...importViolations(file.path, code)]
}

function nameViolations(path: string): string[] {
  const parts = path.replace(/\.[a-z.]+$/, '').split('/')
  return parts.flatMap((part) => {
    if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(part)) return [`"${part}" is not kebab-case`]
    const banned = part.split(/[-.]/).find((word) => BANNED.includes(word))
    return banned ? [`"${banned}" says nothing; name what it is`] : []
  })
}

function textViolations({ path, text }: SourceFile, code: string): string[] {
  const found: string[] = []
  const lines = text.split('\n').length - 1
  if (lines > FILE_LINES_MAX) found.push(`${lines} lines; ${FILE_LINES_MAX} is the limit`)
  if (/^export default\b/m.test(code) && !path.endsWith('.config.ts')) found.push('has a default export')
  if (/(?::|\bas|<|,|\|)\s*any\b(?!\s*[:'(])/.test(withoutText(code))) found.push('uses `any`')
  if (/@ts-(?:ignore|expect-error|nocheck)/.test(text) && !path.startsWith('tools/tidy'))
    found.push('switches the type checker off')
  for (const [, name = ''] of code.matchAll(/^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)) {
    const words = name.split(/(?=[A-Z])|_/)
    if (BANNED.includes(name) || words.some((word) => BANNED_WITHIN.test(word))) found.push(`exports "${name}"; name what it is`)
  }
  return found
}

function importViolations(path: string, code: string): string[] {
  const from = shortPath(path)
  if (!from || isTest(path)) return []
  const rule = IMPORT_TABLE.find((candidate) => matches(candidate.from, from))
  if (!rule) return [`no row of the import table covers ${from}`]
  return importsOf(code).flatMap((to) => (allowed({ from, to, rule }) ? [] : [`${rule.from} may not import ${to}`]))
}

function importsOf(code: string): string[] {
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^'\n]+)'/g)].map((match) => match[1] ?? '')
}

function allowed({ from, to, rule }: { from: string; to: string; rule: ImportRule }): boolean {
  if (to.startsWith('node:')) return rule.node
  if (to.startsWith('.')) {
    const target = posix.join(dirname(from), to).replace(/\.[a-z]+$/, '')
    const own = from.split('/').slice(0, rule.from.split('/').length).join('/')
    return within(own, target) || rule.to.some((pattern) => pattern.includes('/') && matches(pattern, target))
  }
  const house = /^@sallyport\/(\w+(?:\/[\w-]+)?)$/.exec(to)?.[1]
  if (house || to.startsWith('@sallyport/')) return house !== undefined && rule.to.includes(house)
  return rule.packages?.some((name) => within(name, to)) ?? true
}

/** Whether a short path is covered by a pattern of the table. */
function matches(pattern: string, path: string): boolean {
  if (pattern.endsWith('/**')) return within(pattern.slice(0, -3), path)
  const [expected, actual] = [pattern.split('/'), path.split('/')]
  if (pattern.endsWith('/*')) {
    const root = `${expected[0]}/${expected[0]}`
    return actual.length === expected.length && actual[0] === expected[0] && path !== root && actual[1] !== 'index'
  }
  const folder = expected.at(-1) === '<id>'
  if (actual.length < expected.length + (folder ? 1 : 0)) return false
  return expected.every((part, i) => part === '<id>' || part === actual[i])
}

function within(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function isTest(path: string): boolean {
  return /\.(?:test|contract)\.ts$/.test(path) || path.includes('/fixtures/')
}

/** `packages/core/src/decide/compile.ts` → `core/decide/compile`; `undefined` outside the packages' sources. */
function shortPath(path: string): string | undefined {
  return /^packages\/(\w+)\/src\/(.+)\.ts$/.exec(path)?.slice(1).join('/')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

function withoutText(code: string): string {
  return code.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''")
}
