/** Where failures go that nobody else is told of. It may hold what callers must not see, so it never leaves the machine. */
export type OperatorLog = (message: string, error: unknown) => void

/** Lines per second; a fault under load repeats itself and must not fill the disk. */
const LINES_PER_S = 20
const CAUSES_MAX = 5

/** Writes to standard error. */
export function stderrLog(nowMs: () => number): OperatorLog {
  let second = 0
  let lines = 0
  return (message, error) => {
    const at = Math.floor(nowMs() / 1_000)
    if (at !== second) {
      if (lines > LINES_PER_S) process.stderr.write(`${lines - LINES_PER_S} more in that second\n`)
      second = at
      lines = 0
    }
    if (++lines > LINES_PER_S) return
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const causes = causesOf(error)
    const because = causes.length > 0 ? `\n    because of (${causes.join(', ')})` : ''
    process.stderr.write(`${new Date(nowMs()).toISOString()} ${message}: ${detail}${because}\n`)
  }
}

/** Codes or names of what an error came from: their words could hold content, and a GatewayError keeps them back for that. */
function causesOf(error: unknown): string[] {
  const causes: string[] = []
  let cause = error instanceof Error ? error.cause : undefined
  for (; cause instanceof Error && causes.length < CAUSES_MAX; cause = cause.cause) {
    const code = 'code' in cause ? String(cause.code) : ''
    causes.push(/^[A-Z0-9_]{1,40}$/.test(code) ? code : cause.name)
  }
  return causes
}
