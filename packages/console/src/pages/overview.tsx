import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Remaining, Time } from '../ui/time.tsx'
import { reasonOf } from '../ui/words.ts'
import { useMay, useVerb } from '../use-verb.ts'
import { Tour } from './tour.tsx'

const EVERY_MS = 15_000
/** Entries looked at for what was refused lately. */
const RECENT = 1_000

export function OverviewPage(): ReactElement {
  const mayRead = useMay('audit.tail')
  return (
    <>
      <PageTitle>Overview</PageTitle>
      <Tour />
      <div className="grid gap-4 lg:grid-cols-2">
        <Waiting />
        <Standing />
        {mayRead && <Refused />}
      </div>
    </>
  )
}

function Card({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="panel min-w-0" aria-label={title}>
      <h2 className="mb-2 text-lg font-semibold">{title}</h2>
      {children}
    </section>
  )
}

function Waiting(): ReactElement {
  const requests = useVerb('approval.list', {}, { everyMs: EVERY_MS })
  return (
    <Card title="Waiting for people">
      <Loaded of={requests}>
        {({ requests: list }) =>
          list.length === 0 ? (
            <p className="text-soft">Nothing waits. Acts that need a person appear here.</p>
          ) : (
            <ul className="grid gap-2">
              {list.slice(0, 8).map((one) => (
                <li key={one.id} className="flex flex-wrap justify-between gap-2">
                  <Link to="/approvals/$id" params={{ id: one.id }} className="link">
                    {one.agent}: {one.server}.{one.name}
                  </Link>
                  <Remaining untilMs={one.expiresMs} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}

function Standing(): ReactElement {
  const status = useVerb('status', {}, { everyMs: EVERY_MS })
  return (
    <Card title="Where things stand">
      <Loaded of={status}>
        {({ agents, isolated, manifests, problems, entries, log }) => (
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            <dt>Agents</dt>
            <dd>
              <Link to="/agents" className="link">
                {agents}
              </Link>{' '}
              {isolated.length > 0 && <Badge tone="bad">{isolated.length} isolated</Badge>}
            </dd>
            <dt>Manifests</dt>
            <dd>
              {manifests.filter(({ signed }) => signed).length} of {manifests.length} signed{' '}
              {problems.map(({ agent, problem }) => (
                <Badge key={agent} tone="bad">{`${agent}: ${problem}`}</Badge>
              ))}
            </dd>
            <dt>Log</dt>
            <dd>
              {entries} entries, {log.checkpointed} under a signed checkpoint
              {log.witnessed === undefined ? '' : `, ${log.witnessed} witnessed`}
            </dd>
          </dl>
        )}
      </Loaded>
    </Card>
  )
}

/** What was refused lately, one line for each agent and reason. */
function Refused(): ReactElement {
  const tail = useVerb('audit.tail', { limit: RECENT, purpose: 'overview' }, { everyMs: 60_000 })
  return (
    <Card title={`Refused, in the last ${RECENT} entries`}>
      <Loaded of={tail}>
        {({ entries }) => {
          const groups = new Map<string, { agent: string; code: string; count: number; last: (typeof entries)[number] }>()
          for (const entry of entries) {
            if (entry.type !== 'decision' || entry.enforced !== 'deny') continue
            for (const code of entry.reasons) {
              const key = `${entry.actor.id} ${code}`
              groups.set(key, { agent: entry.actor.id, code, count: (groups.get(key)?.count ?? 0) + 1, last: entry })
            }
          }
          const list = [...groups.entries()].sort(([, a], [, b]) => b.count - a.count).slice(0, 10)
          if (list.length === 0) return <Empty>Nothing was refused. “npm run demo” shows an attack being stopped.</Empty>
          return (
            <ul className="grid gap-2">
              {list.map(([key, { agent, code, count, last }]) => (
                <li key={key} className="flex flex-wrap justify-between gap-2">
                  <Link to="/decisions/$entry" params={{ entry: String(last.index) }} className="link">
                    {agent}: {reasonOf(code).means}
                  </Link>
                  <span>
                    {count} ×, last <Time at={last.time} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Card>
  )
}
