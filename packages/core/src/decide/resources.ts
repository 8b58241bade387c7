import { GatewayError } from '../errors.ts'

/** Longest resource URI the gateway matches, in UTF-16 units. */
export const URI_CHARS_MAX = 2_000

interface Pattern<T> {
  readonly prefix: string
  readonly suffix: string
  readonly node: Node<T>
}
interface Node<T> {
  readonly literals: Map<string, Node<T>>
  readonly patterns: Pattern<T>[]
  value?: T
}

/** Granted resources of one task: exact keys by name, templates in a tree of path segments. */
export interface ResourceIndex<T> {
  /** By `server.uri` or `server.template`, exactly as the manifest writes it. */
  readonly exact: ReadonlyMap<string, T>
  /** Per server. */
  readonly templates: ReadonlyMap<string, Node<T>>
}

/**
 * Indexes resource grants. A template variable `{name}` stands for one whole or part of a path segment.
 * @throws GatewayError `CONFIG_INVALID` for a template with operators, several variables in a segment, or one in the scheme or
 * in the host of an http(s) URL.
 */
export function compileResources<T>(grants: readonly (readonly [string, T])[]): ResourceIndex<T> {
  const templates = new Map<string, Node<T>>()
  for (const [key, value] of grants) {
    if (!key.includes('{') && !key.includes('}')) continue
    const dot = key.indexOf('.')
    const server = key.slice(0, dot)
    const root = templates.get(server) ?? emptyNode<T>()
    templates.set(server, root)
    insert(root, key.slice(dot + 1), value)
  }
  return { exact: new Map(grants), templates }
}

/** The grant that covers a URI: the exact one, or a template whose variables each take one harmless piece of a segment. */
export function findResource<T>(index: ResourceIndex<T>, server: string, uri: string): T | undefined {
  if (uri.length > URI_CHARS_MAX || uri.includes('{') || uri.includes('}')) return undefined
  const exact = index.exact.get(`${server}.${uri}`)
  if (exact !== undefined) return exact
  const root = index.templates.get(server)
  return root && walk(root, uri.split('/'), 0)
}

/** The grant of a template, named exactly as the server names it. */
export function findTemplate<T>(index: ResourceIndex<T>, server: string, template: string): T | undefined {
  return template.includes('{') ? index.exact.get(`${server}.${template}`) : undefined
}

function insert<T>(root: Node<T>, template: string, value: T): void {
  let node = root
  template.split('/').forEach((segment, position) => {
    node = child(node, segment, { position, template })
  })
  node.value = value
}

function child<T>(node: Node<T>, segment: string, { position, template }: { position: number; template: string }): Node<T> {
  if (!segment.includes('{') && !segment.includes('}')) {
    const next = node.literals.get(segment) ?? emptyNode<T>()
    node.literals.set(segment, next)
    return next
  }
  const match = /^([^{}]*)\{[A-Za-z0-9_]+\}([^{}]*)$/.exec(segment)
  if (!match) throw invalid('a template segment holds one plain {variable}')
  if (position === 0) throw invalid('a template names its scheme')
  if (position === 2 && /^(?:https?|wss?|ftps?):\/\//i.test(template)) throw invalid('a template names its host')
  const [, prefix = '', suffix = ''] = match
  const known = node.patterns.find((pattern) => pattern.prefix === prefix && pattern.suffix === suffix)
  if (known) return known.node
  const pattern = { prefix, suffix, node: emptyNode<T>() }
  node.patterns.push(pattern)
  return pattern.node
}

function walk<T>(node: Node<T>, segments: readonly string[], at: number): T | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.value
  const literal = node.literals.get(segment)
  const found = literal && walk(literal, segments, at + 1)
  if (found !== undefined) return found
  for (const { prefix, suffix, node: next } of node.patterns) {
    if (segment.length <= prefix.length + suffix.length || !segment.startsWith(prefix) || !segment.endsWith(suffix)) continue
    if (!isHarmless(segment) || !isHarmless(segment.slice(prefix.length, segment.length - suffix.length))) continue
    const deeper = walk(next, segments, at + 1)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** One reading only: no dot segment, no separator, query or fragment, in plain or percent-encoded, and stable under NFKC. */
function isHarmless(value: string): boolean {
  if (value === '' || value === '.' || value === '..') return false
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\\?#\u0000-\u0020\u007f-\u00a0]|%(?:2[ef35]|3f|5c|[01][0-9a-f]|7f)/i.test(value)) return false
  if (/%(?![0-9a-f]{2})/i.test(value)) return false
  return value.normalize('NFKC') === value
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), patterns: [] }
}

function invalid(message: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', message)
}
