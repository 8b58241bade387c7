import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Output } from '../api.ts'
import { ShownText } from '../ui/agent-text.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle, ProblemNote } from '../ui/states.tsx'
import { Remaining } from '../ui/time.tsx'
import { useAct, useVerb } from '../use-verb.ts'

type Shown = Output<'approval.show'>

/** One act that waits: facts first, in the order people need them, then the decision. One column, for a thumb. */
export function ApprovalPage(): ReactElement {
  const { id } = useParams({ from: '/inside/approvals/$id' })
  const shown = useVerb('approval.show', { id })
  const navigate = useNavigate()
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // Whoever is writing a reason would lose it.
      if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement)) void navigate({ to: '/approvals' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [navigate])
  return (
    <>
      <PageTitle
        aside={
          <Link to="/approvals" className="link">
            All requests
          </Link>
        }
      >
        Request for approval
      </PageTitle>
      <Loaded of={shown}>{(data) => <Request key={data.shown} {...data} />}</Loaded>
    </>
  )
}

function Request({ request, view, shown }: Shown): ReactElement {
  return (
    <article className="grid max-w-3xl gap-4 pb-4">
      <section className="panel grid gap-2">
        <h2 className="text-xl font-semibold wrap-anywhere">{view.line}</h2>
        <p className="flex flex-wrap gap-2">
          <Badge tone={view.tier === 'high' ? 'bad' : 'warn'}>{view.reversibility}</Badge>
          {request.people > 1 && <Badge tone="warn">{`${request.people} people must agree`}</Badge>}
          {request.state === 'pending' ? (
            <span>
              left: <Remaining untilMs={request.expiresMs} />
            </span>
          ) : (
            <Badge>{request.state}</Badge>
          )}
        </p>
        {!view.isWhole && (
          <p className="font-semibold text-bad">
            It is too large to be shown to its end. What cannot be looked at is not for one person alone.
          </p>
        )}
      </section>
      <Part title="Who">
        <p>
          Agent <strong>{view.agent}</strong>, for <strong>{view.onBehalfOf}</strong>
          {view.task !== '' && `, task ${view.task}`}
        </p>
      </Part>
      <Arguments view={view} />
      <Part title="Why you are asked">
        <ul className="grid gap-1">
          {view.why.map(({ rule, reason, means, detail }) => (
            <li key={`${rule} ${reason}`}>
              {means} <span className="text-sm text-soft">({rule})</span> {detail !== undefined && <ShownText text={detail} />}
            </li>
          ))}
        </ul>
      </Part>
      {view.leaving && (
        <Part title="Data that would leave">
          <p>
            The session read <strong>{view.leaving.classes.join(', ')}</strong>; the act goes to <strong>{view.leaving.to}</strong>.
          </p>
        </Part>
      )}
      <Part title="If you reject">
        <p>{view.onReject}. If nobody answers, it is the same.</p>
      </Part>
      <Link to="/decisions/$entry" params={{ entry: String(view.decision) }} className="link">
        The decision that asked, entry {view.decision}
      </Link>
      {request.state === 'pending' && <Decide request={request} shown={shown} />}
    </article>
  )
}

function Arguments({ view }: { view: Shown['view'] }): ReactElement {
  return (
    <Part title="Exactly this">
      <dl className="grid gap-3">
        {view.arguments.map(({ path, value, was, from }) => (
          <div key={path}>
            <dt className="text-sm text-soft">{path.slice(1) || 'the whole'}</dt>
            <dd className="grid gap-1">
              <ShownText text={value} block />
              {was !== undefined && (
                <p className="text-sm text-warn">
                  last approved with: <ShownText text={was} />
                </p>
              )}
              <p className="text-sm text-soft">
                {from.length === 0 ? 'nobody knows where this comes from' : `from ${from.join(', ')}`}
              </p>
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  )
}

function Decide({ request, shown }: { request: Shown['request']; shown: string }): ReactElement {
  const navigate = useNavigate()
  const decide = useAct('approval.decide')
  const [reason, setReason] = useState('')
  const reject = useRef<HTMLButtonElement>(null)
  // Whoever presses Enter without looking rejects.
  useEffect(() => reject.current?.focus({ preventScroll: true }), [])
  if (request.whyNot !== undefined) return <p className="panel text-soft">You may not decide here: {request.whyNot}.</p>
  const run = (verdict: 'approve' | 'reject'): void => {
    const given = reason.trim() === '' ? 'no reason given' : reason.trim()
    decide.mutate({ id: request.id, verdict, reason: given, shown }, { onSuccess: () => void navigate({ to: '/approvals' }) })
  }
  return (
    <section aria-label="Decide" className="sticky bottom-0 grid gap-2 border-t border-line bg-page py-3">
      <label className="grid gap-1">
        Reason, for the record
        <input className="field" maxLength={1_000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      {decide.isError && <ProblemNote error={decide.error} />}
      <div className="grid grid-cols-2 gap-2">
        <button
          ref={reject}
          type="button"
          className="button-bad min-h-14"
          disabled={decide.isPending}
          onClick={() => run('reject')}
        >
          Reject
        </button>
        <button
          type="button"
          className="button-main min-h-14"
          disabled={decide.isPending || reason.trim().length < 3}
          onClick={() => run('approve')}
        >
          Approve once
        </button>
      </div>
    </section>
  )
}
