import { type ReactElement, useEffect, useState } from 'react'
import { usePrefs } from '../prefs.ts'

/** A moment, in UTC or in the person's own time. */
export function Time({ at }: { at: number | string }): ReactElement {
  const { utc } = usePrefs()
  const date = new Date(at)
  const text = utc
    ? `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`
    : date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' })
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()} className="whitespace-nowrap tabular-nums">
      {text}
    </time>
  )
}

/** How long until then, counting down. */
export function Remaining({ untilMs }: { untilMs: number }): ReactElement {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.round((untilMs - nowMs) / 1_000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)]
  const text =
    seconds === 0
      ? 'over'
      : hours > 0
        ? `${hours} h ${minutes} min`
        : minutes > 0
          ? `${minutes} min ${seconds % 60} s`
          : `${seconds} s`
  return <span className={seconds < 60 ? 'font-semibold text-bad tabular-nums' : 'tabular-nums'}>{text}</span>
}
