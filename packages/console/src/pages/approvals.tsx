import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Output } from '../api.ts'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Remaining, Time } from '../ui/time.tsx'
import { reasonOf } from '../ui/words.ts'
import { useVerb } from '../use-verb.ts'

type Request = Output<'approval.list'>['requests'][number]

export function ApprovalsPage(): ReactElement {
  const { all = false } = useSearch({ from: '/inside/approvals' })
  const list = useVerb('approval.list', { all, limit: 500 }, { everyMs: 10_000 })
  return (
    <>
      <PageTitle
        aside={
          <Link to="/approvals" search={all ? {} : { all: true }} className="button">
            {all ? 'Only what waits' : 'Those that are over, too'}
          </Link>
        }
      >
        Approvals
      </PageTitle>
      <p className="mb-3 text-sm text-soft max-md:hidden">J and K walk, Enter opens, Esc comes back.</p>
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
  const navigate = useNavigate()
  const [at, setAt] = useState(0)
  const links = useRef<(HTMLAnchorElement | null)[]>([])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.target instanceof HTMLInputElement) return
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      const next = Math.max(0, Math.min(requests.length - 1, at + step))
      setAt(next)
      links.current[next]?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [at, requests.length, navigate])
  return (
    <ul className="grid gap-2">
      {requests.map((one, i) => (
        <li key={one.id}>
          <Link
            to="/approvals/$id"
            params={{ id: one.id }}
            ref={(element) => {
              links.current[i] = element
            }}
            onFocus={() => setAt(i)}
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
        </li>
      ))}
    </ul>
  )
}
