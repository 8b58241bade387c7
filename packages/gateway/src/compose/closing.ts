/** What has to be ended, last opened first. */
export type Closing = (() => Promise<void> | void)[]

/** Ends everything, also what comes after something that cannot be ended well: a log that cannot sign must not keep the home locked. */
export async function endAll(closing: Closing): Promise<void> {
  const failures: unknown[] = []
  for (const end of closing.splice(0).reverse()) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
