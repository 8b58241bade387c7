import { Link, useSearch } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Output } from '../api.ts'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Remaining, Time } from '../ui/time.tsx'
import { reasonOf } from '../ui/words.ts'
import { useMay, useVerb } from '../use-verb.ts'

type Request = Output<'approval.list'>['requests'][number]

/** Most that are decided on together. */
const MARKED_MAX = 50

export function ApprovalsPage(): ReactElement {
  const { all = false } = useSearch({ from: '/inside/approvals' })
  const maySeeVigilance = useMay('approval.vigilance')
  const list = useVerb('approval.list', { all, limit: 500 }, { everyMs: 10_000 })
  return (
    <>
      <PageTitle
        aside={
          <span className="flex flex-wrap gap-2">
            {maySeeVigilance && (
              <Link to="/approvals/vigilance" className="button">
                How people decide
              </Link>
            )}
            <Link to="/approvals" search={all ? {} : { all: true }} className="button">
              {all ? 'Only what waits' : 'Those that are over, too'}
            </Link>
          </span>
        }
      >
        Approvals
      </PageTitle>
      <p className="mb-3 text-sm text-soft max-md:hidden">J and K walk, Enter opens, X marks, Esc comes back.</p>
      <Loaded of={list}>
        {({ requests }) =>
          requests.length === 0 ? (
            <Empty>Nothing waits. An act that needs a person appears here, most urgent first.</Empty>
          ) : (
            <Requests requests={requests} />
          )
        }
      </Loaded>
    </>
  )
}

function Requests({ requests }: { requests: readonly Request[] }): ReactElement {
  const [at, setAt] = useState(0)
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const links = useRef<(HTMLAnchorElement | null)[]>([])
  const ids = requests.filter(({ id, whyNot }) => marked.has(id) && whyNot === undefined).map(({ id }) => id)
  const mark = ({ id, whyNot }: Request): void => {
    if (whyNot !== undefined) return
    setMarked(
      (before) => new Set(before.has(id) ? [...before].filter((other) => other !== id) : [...before, id].slice(0, MARKED_MAX)),
    )
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox'
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping) return
      const here = requests[at]
      if (event.key === 'x' && here) mark(here)
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      const next = Math.max(0, Math.min(requests.length - 1, at + step))
      setAt(next)
      links.current[next]?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [at, requests])
  return (
    <>
      <ul className="grid gap-2">
        {requests.map((one, i) => (
          <li key={one.id} className="grid grid-cols-[auto_1fr] items-center gap-2">
            <input
              type="checkbox"
              className="size-6"
              aria-label={`Mark ${one.agent}: ${one.server}.${one.name}, ${one.id}`}
              checked={marked.has(one.id) && one.whyNot === undefined}
              disabled={one.whyNot !== undefined}
              onChange={() => mark(one)}
              onFocus={() => setAt(i)}
            />
            <RequestLink
              one={one}
              onFocus={() => setAt(i)}
              setLink={(element) => {
                links.current[i] = element
              }}
            />
          </li>
        ))}
      </ul>
      {ids.length > 0 && (
        <div className="sticky bottom-0 border-t border-line bg-page py-3">
          <Link to="/approvals/together" search={{ ids }} className="button-main">
            {ids.length === 1 ? 'Look at the one marked' : `Look at the ${ids.length} marked together`}
          </Link>
        </div>
      )}
    </>
  )
}

function RequestLink({
  one,
  onFocus,
  setLink,
}: {
  one: Request
  onFocus: () => void
  setLink: (element: HTMLAnchorElement | null) => void
}): ReactElement {
  return (
    <Link
      to="/approvals/$id"
      params={{ id: one.id }}
      ref={setLink}
      onFocus={onFocus}
      className="panel grid gap-1 hover:border-accent sm:grid-cols-[1fr_auto]"
    >
      <span className="font-semibold wrap-anywhere">
        {one.agent}: {one.server}.{one.name}
      </span>
      <span className="flex flex-wrap gap-2">
        <Badge tone={one.tier === 'high' ? 'bad' : 'warn'}>{one.tier}</Badge>
        <Badge>{one.scope}</Badge>
        {one.people > 1 && <Badge tone="warn">{`${one.votes.length} of ${one.people} people`}</Badge>}
        {one.state === 'pending' ? <Remaining untilMs={one.expiresMs} /> : <Badge>{one.state}</Badge>}
      </span>
      <span className="text-soft">{one.reasons.map((code) => reasonOf(code).means).join('; ')}</span>
      <span className="text-sm text-soft">
        for {one.onBehalfOf ?? 'nobody'}, asked <Time at={one.askedMs} />
      </span>
    </Link>
  )
}
