import { Link } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { ProblemNote } from './states.tsx'

type Verdict = 'approve' | 'reject'

export interface DecideFormProps {
  readonly words: Readonly<Record<Verdict, string>>
  readonly error: Error | null
  readonly isBusy: boolean
  readonly onDecide: (verdict: Verdict, reason: string) => void
}

/** A reason, and yes or no. Whoever presses Enter without looking rejects; approving takes a reason. */
export function DecideForm({ words, error, isBusy, onDecide }: DecideFormProps): ReactElement {
  const [reason, setReason] = useState('')
  const reject = useRef<HTMLButtonElement>(null)
  useEffect(() => reject.current?.focus({ preventScroll: true }), [])
  const given = reason.trim()
  return (
    <section aria-label="Decide" className="sticky bottom-0 grid gap-2 border-t border-line bg-page py-3">
      <label className="grid gap-1">
        Reason, for the record
        <input className="field" maxLength={1_000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      {error && <ProblemNote error={error} />}
      <div className="grid grid-cols-2 gap-2">
        <button
          ref={reject}
          type="button"
          className="button-bad min-h-14"
          disabled={isBusy}
          onClick={() => onDecide('reject', given === '' ? 'no reason given' : given)}
        >
          {words.reject}
        </button>
        <button
          type="button"
          className="button-main min-h-14"
          disabled={isBusy || given.length < 3}
          onClick={() => onDecide('approve', given)}
        >
          {words.approve}
        </button>
      </div>
    </section>
  )
}

/** Says of requests that were no acts what they were, once somebody decided on them. */
export function Tested({ tests }: { tests: readonly ('noticed' | 'missed')[] }): ReactElement {
  const missed = tests.filter((test) => test === 'missed').length
  return (
    <div role="status" className="panel grid gap-2">
      <p className={missed > 0 ? 'font-semibold text-bad' : 'font-semibold'}>
        {missed > 0
          ? 'This was a test of how carefully people look. The act was rejected before; you approved it, and nothing happened.'
          : 'This was a test of how carefully people look, and you noticed.'}
      </p>
      <Link to="/approvals" className="link">
        All requests
      </Link>
    </div>
  )
}
