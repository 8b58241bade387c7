import type { Entry } from '@sallyport/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { LaidOut } from '../ui/agent-text.tsx'
import { SessionLink } from '../ui/session-link.tsx'
import { EffectBadge } from '../ui/states.tsx'
import { effectOf, reasonOf, wordsOf } from '../ui/words.ts'

/** One entry beside the list it stands in, without leaving it. */
export function Peek({ entry, onClose }: { entry: Entry; onClose: () => void }): ReactElement {
  const reasons = 'reasons' in entry ? entry.reasons : []
  return (
    <aside className="panel grid content-start gap-2" aria-label={`Entry ${entry.index}`}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">
          <EffectBadge effect={effectOf(entry)} /> Entry {entry.index}
        </h2>
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
      <p className="wrap-anywhere">{wordsOf(entry)}</p>
      <ul className="list-disc pl-5">
        {reasons.map((code) => (
          <li key={code}>{reasonOf(code).means}</li>
        ))}
      </ul>
      <Link to="/decisions/$entry" params={{ entry: String(entry.index) }} className="link">
        Explain it
      </Link>
      {'session' in entry && <SessionLink session={entry.session} index={entry.index} />}
      <div className="max-h-[50dvh] overflow-y-auto" tabIndex={0} role="region" aria-label="As recorded">
        <LaidOut text={JSON.stringify(entry, undefined, 2)} />
      </div>
    </aside>
  )
}
