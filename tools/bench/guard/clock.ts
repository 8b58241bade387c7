/** Time this thread was at work, in microseconds: other programs on the machine do not count. */
export function cpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** The least of several runs, in microseconds; runs again while it was too quick to be measured. */
export function leastUs(
  run: () => unknown,
  { runs, roundUs = 20_000 }: { readonly runs: number; readonly roundUs?: number },
): number {
  let least = Infinity
  for (let i = 0; i < runs; i++) {
    let count = 0
    const from = cpuUs()
    do {
      run()
      count++
    } while (cpuUs() - from < roundUs)
    least = Math.min(least, (cpuUs() - from) / count)
  }
  return least
}
