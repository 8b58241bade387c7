import type { Entry } from '@sallyport/core'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { AgentText } from '../ui/agent-text.tsx'
import { Ask } from '../ui/ask.tsx'
import { useMay } from '../use-verb.ts'
import { seenTexts } from './evidence-spans.ts'

type Act = Extract<Entry, { type: 'decision' | 'outcome' }>

/** What detectors saw, marked in the content where the vault keeps it. Who looked, and why, is recorded. */
export function Evidence({ entry }: { entry: Act }): ReactElement | null {
  const mayLook = useMay('content.read')
  const [isAsking, setAsking] = useState(false)
  const [content, setContent] = useState<Output<'content.read'>>()
  const kept = entry.type === 'decision' ? entry.input : entry.output
  if (!mayLook || !kept?.vault || entry.findings.length === 0) return null
  const of = entry.type === 'decision' ? 'arguments' : 'result'
  return (
    <div className="mt-2 grid gap-2">
      {content ? (
        <Marked text={content.text} entry={entry} />
      ) : (
        <button type="button" className="button justify-self-start" onClick={() => setAsking(true)}>
          Show where in the {of}
        </button>
      )}
      {isAsking && (
        <Ask
          title={`Look at the ${of} of entry ${entry.index}`}
          act="Look at them"
          onClose={() => setAsking(false)}
          run={async (purpose) => setContent(await call('content.read', { index: entry.index, purpose }))}
        >
          It is somebody’s data. Who looked, and why, is recorded.
        </Ask>
      )}
    </div>
  )
}

function Marked({ text, entry: { index, findings } }: { text: string; entry: Act }): ReactElement {
  const { seen, placeless } = seenTexts(text, findings)
  return (
    <section aria-label={`What was seen in entry ${index}`} className="grid gap-2">
      {seen.map(({ path, pieces }) => (
        <figure key={path}>
          <figcaption className="text-sm text-soft">
            at <AgentText text={path || '/'} />
          </figcaption>
          <p className="rounded-md bg-sunk p-2 wrap-anywhere">
            {pieces.map((piece, i) =>
              piece.isSeen ? (
                <mark key={i}>
                  <AgentText text={piece.text} />
                </mark>
              ) : (
                <AgentText key={i} text={piece.text} />
              ),
            )}
          </p>
        </figure>
      ))}
      {placeless > 0 && (
        <p className="text-sm text-soft">{placeless} more were seen in another reading of it, decoded for instance.</p>
      )}
    </section>
  )
}
