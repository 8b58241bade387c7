const FUNCTION_LINES_MAX = 70

interface Block {
  readonly name: string
  readonly indent: number
  readonly start: number
  readonly isDeclaration: boolean
  /** Lines of function declarations inside: they are measured by themselves. */
  inner: number
}

/**
 * Functions that are too long, as sentences. Reads formatted source by its indentation: a block ends at the first closing line
 * as deep as its opening. Function declarations inside another function count for themselves only, as methods of a class would.
 */
export function longFunctions(text: string): string[] {
  const open: Block[] = []
  const found: string[] = []
  text.split('\n').forEach((line, at) => {
    const indent = line.length - line.trimStart().length
    const block = open.at(-1)
    if (block && indent === block.indent && /^\s*[})]/.test(line) && !/[{(]$/.test(line)) {
      open.pop()
      const lines = at - block.start + 1
      if (lines - block.inner > FUNCTION_LINES_MAX)
        found.push(`${block.name} has ${lines - block.inner} lines; ${FUNCTION_LINES_MAX} is the limit`)
      const parent = open.at(-1)
      if (parent) parent.inner += block.isDeclaration ? lines : block.inner
      return
    }
    const started = startOf(line)
    if (started) open.push({ ...started, indent, start: at, inner: 0 })
  })
  return found
}

function startOf(line: string): { name: string; isDeclaration: boolean } | undefined {
  if (!/[{(,]$/.test(line)) return undefined
  const declared = /^\s*(?:export )?(?:async )?function\*? (\w+)/.exec(line)?.[1]
  if (declared) return { name: declared, isDeclaration: true }
  const assigned = /^\s*(?:export )?const (\w+)[^=]* = (?:async )?\(/.exec(line)?.[1]
  if (assigned && /(?:=> \{|\()$/.test(line)) return { name: assigned, isDeclaration: false }
  const method =
    /^\s*(?:async |static |get |set |private |readonly )*(?!if|for|while|switch|catch|return)(\w+)\([^;]*\)(?:: [^=;]+)? \{$/.exec(
      line,
    )?.[1]
  return method ? { name: method, isDeclaration: false } : undefined
}
