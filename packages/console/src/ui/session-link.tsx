import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'

/** Entries before one in which the others of its session are looked for at first. */
const BEFORE = 5_000

/** Leads to the session that an entry belongs to, and looks for it around that entry first. */
export function SessionLink({ session, index }: { session: string; index: number }): ReactElement {
  const from = Math.max(0, index - BEFORE)
  return (
    <Link to="/sessions/$id" params={{ id: session }} search={from === 0 ? {} : { from }} className="link">
      The whole session, in time
    </Link>
  )
}
