import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type ReactElement, useEffect, useState } from 'react'
import type { Input, Output } from '../api.ts'
import { ShownText } from '../ui/agent-text.tsx'
import { Ask } from '../ui/ask.tsx'
import { DecideForm, type DecideFormProps, Tested } from '../ui/decide-form.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle } from '../ui/states.tsx'
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

function Request({ request, view, shown, args }: Shown): ReactElement {
  const navigate = useNavigate()
  // It outlives the form, which goes with the request's state.
  const decide = useAct('approval.decide')
  return (
    <article className="grid max-w-3xl gap-4 pb-4">
      <Head request={request} view={view} />
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
      {decide.data?.test && <Tested tests={[decide.data.test]} />}
      {request.whyNot === undefined && args !== undefined && <Propose id={request.id} shown={shown} args={args} />}
      {request.state === 'pending' && !decide.data && (
        <Decide
          whyNot={request.whyNot}
          error={decide.error}
          isBusy={decide.isPending}
          onDecide={(verdict, reason) =>
            decide.mutate(
              { id: request.id, verdict, reason, shown },
              { onSuccess: ({ test }) => void (test ?? navigate({ to: '/approvals' })) },
            )
          }
        />
      )}
    </article>
  )
}

/** The act in one line, whether it can be undone, and how long there is. */
function Head({ request, view }: Omit<Shown, 'shown'>): ReactElement {
  return (
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
  )
}

/** Each argument as it is, as it was, and where it comes from. */
export function Arguments({ view }: { view: Shown['view'] }): ReactElement {
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

/** No, and what one would rather see: other arguments for the agent to send. */
function Propose({ id, shown, args }: { id: string; shown: string; args: string }): ReactElement {
  const navigate = useNavigate()
  const propose = useAct('approval.propose')
  const [text, setText] = useState(args)
  const [isAsking, setAsking] = useState(false)
  const proposed = objectOf(text)
  return (
    <details className="panel">
      <summary>Reject, and propose other arguments</summary>
      <div className="mt-2 grid gap-2">
        <p className="text-sm text-soft">
          The agent is told. When it sends them, they are an act of their own: checked from the start, and people are asked again.
        </p>
        <label className="grid gap-1">
          All arguments, as JSON
          <textarea
            className="field min-h-40 p-2 font-mono"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {proposed === undefined && <p className="text-bad">This is no JSON object.</p>}
        <button
          type="button"
          className="button justify-self-start"
          disabled={proposed === undefined || text === args}
          onClick={() => setAsking(true)}
        >
          Propose this
        </button>
      </div>
      {isAsking && proposed && (
        <Ask
          title="Reject, and propose other arguments"
          act="Reject and propose"
          isBad
          onClose={() => setAsking(false)}
          run={async (reason) => {
            await propose.mutateAsync({ id, shown, args: proposed, reason })
            await navigate({ to: '/approvals' })
          }}
        >
          This act does not happen. Its agent is told what you would rather see.
        </Ask>
      )}
    </details>
  )
}

function objectOf(text: string): Input<'approval.propose'>['args'] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Input<'approval.propose'>['args'])
      : undefined
  } catch {
    return undefined
  }
}

function Decide({ whyNot, ...form }: Omit<DecideFormProps, 'words'> & { whyNot: string | undefined }): ReactElement {
  if (whyNot !== undefined) return <p className="panel text-soft">You may not decide here: {whyNot}.</p>
  return <DecideForm words={{ reject: 'Reject', approve: 'Approve once' }} {...form} />
}
