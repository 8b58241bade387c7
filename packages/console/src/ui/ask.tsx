import { type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { ProblemNote } from './states.tsx'
import { useAttempt } from './use-attempt.ts'

const REASON_CHARS_MIN = 3

interface Asking {
  readonly title: string
  /** Word on the button. */
  readonly act: string
  readonly isBad?: boolean
  /** What it will do, and to what. */
  readonly children: ReactNode
  readonly onDone?: () => void
  readonly onClose: () => void
  readonly run: (reason: string) => Promise<unknown>
}

/** Asks for a reason before something is done, says what it will do, and shows what went wrong. Esc and “Leave it” do nothing. */
export function Ask({ title, act, isBad = false, children, onDone, onClose, run }: Asking): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const { problem, isBusy, attempt } = useAttempt()
  const submit = (): Promise<void> =>
    attempt(async () => {
      await run(reason.trim())
      onClose()
      onDone?.()
    })
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-labelledby={id}
      className="m-auto w-[min(36rem,calc(100vw-1rem))] rounded-lg border border-line bg-panel p-4 text-ink"
    >
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h2 id={id} className="text-xl font-semibold">
          {title}
        </h2>
        <div>{children}</div>
        <label className="grid gap-1">
          Reason, for the record
          <textarea
            className="field min-h-20 p-2"
            required
            minLength={REASON_CHARS_MIN}
            maxLength={1_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {problem !== undefined && <ProblemNote error={problem} />}
        <div className="flex flex-wrap justify-end gap-2">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button
            type="submit"
            className={isBad ? 'button-bad' : 'button-main'}
            disabled={isBusy || reason.trim().length < REASON_CHARS_MIN}
          >
            {act}
          </button>
        </div>
      </form>
    </dialog>
  )
}
