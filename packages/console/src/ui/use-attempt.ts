import { useState } from 'react'

/** Something a person does that may go wrong, one at a time. */
export function useAttempt(): {
  readonly problem: unknown
  readonly isBusy: boolean
  readonly attempt: (act: () => Promise<unknown>) => Promise<void>
} {
  const [problem, setProblem] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  return {
    problem,
    isBusy,
    async attempt(act) {
      setBusy(true)
      setProblem(undefined)
      try {
        await act()
      } catch (error) {
        setProblem(error)
      } finally {
        setBusy(false)
      }
    },
  }
}
