import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import { DecideForm, Tested } from '../ui/decide-form.tsx'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { useAct, useVerb } from '../use-verb.ts'
import { Arguments } from './approval.tsx'

/** Several acts that wait, each shown before any is decided on; all of them are or none. */
export function TogetherPage(): ReactElement {
  const { ids }: { readonly ids: readonly string[] } = useSearch({ from: '/inside/approvals/together' })
  const [shown, setShown] = useState<Readonly<Record<string, string>>>({})
  const navigate = useNavigate()
  const decide = useAct('approval.batch')
  const onShown = useCallback((id: string, hash: string) => setShown((before) => ({ ...before, [id]: hash })), [])
  const requests = ids.flatMap((id) => (shown[id] === undefined ? [] : [{ id, shown: shown[id] }]))
  const tests = decide.data?.requests.flatMap(({ test }) => (test ? [test] : [])) ?? []
  return (
    <>
      <PageTitle
        aside={
          <Link to="/approvals" className="link">
            All requests
          </Link>
        }
      >
        {`${ids.length} requests together`}
      </PageTitle>
      <div className="grid max-w-3xl gap-4 pb-4">
        {ids.length === 0 ? (
          <Empty>Nothing is marked. Mark requests in the list first.</Empty>
        ) : tests.length > 0 ? (
          <Tested tests={tests} />
        ) : (
          <>
            <p className="text-soft">All of them are decided, or none. Those that are approved together are calls of one tool.</p>
            {ids.map((id) => (
              <One key={id} id={id} onShown={onShown} />
            ))}
            {requests.length === ids.length && (
              <DecideForm
                words={{ reject: `Reject all ${ids.length}`, approve: `Approve all ${ids.length} once` }}
                error={decide.error}
                isBusy={decide.isPending}
                onDecide={(verdict, reason) =>
                  decide.mutate(
                    { requests, verdict, reason },
                    {
                      onSuccess: (done) => void (done.requests.some(({ test }) => test) || void navigate({ to: '/approvals' })),
                    },
                  )
                }
              />
            )}
          </>
        )}
      </div>
    </>
  )
}

function One({ id, onShown }: { id: string; onShown: (id: string, hash: string) => void }): ReactElement {
  const query = useVerb('approval.show', { id })
  const hash = query.data?.shown
  useEffect(() => {
    if (hash !== undefined) onShown(id, hash)
  }, [id, hash, onShown])
  return (
    <Loaded of={query}>
      {({ view, request }) => (
        <article className="panel grid gap-2">
          <h2 className="font-semibold wrap-anywhere">
            <Link to="/approvals/$id" params={{ id }} className="link">
              {view.line}
            </Link>
          </h2>
          <p className="flex flex-wrap gap-2">
            <Badge tone={view.tier === 'high' ? 'bad' : 'warn'}>{view.reversibility}</Badge>
            <Badge>for {view.onBehalfOf}</Badge>
            {request.state !== 'pending' && <Badge tone="bad">{request.state}</Badge>}
          </p>
          <Arguments view={view} />
          <p className="text-sm text-soft">{view.why.map(({ means }) => means).join('; ')}</p>
        </article>
      )}
    </Loaded>
  )
}
