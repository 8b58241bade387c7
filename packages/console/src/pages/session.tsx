import { Link, useParams, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { AgentText } from '../ui/agent-text.tsx'
import { Badge, EffectBadge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useFound } from '../use-found.ts'
import { useVerb } from '../use-verb.ts'
import { type SessionRow, sessionRows } from './session-rows.ts'

/** Entries of one session that a page shows. */
const SHOWN_MAX = 1_000
/** Deeper ones are not moved further in. */
const DEPTH_MAX = 8
const BAR_PERCENT_MIN = 0.6

/** One session from its first act to its last: what the model asked for, what was carried out, when people were asked. */
export function SessionPage(): ReactElement {
  const { id: session } = useParams({ from: '/inside/sessions/$id' })
  const { from } = useSearch({ from: '/inside/sessions/$id' })
  const query = { session, ...(from !== undefined && { from }) }
  const found = useFound({ query, limit: SHOWN_MAX, purpose: 'looking at a session', isWhole: true })
  const requests = useVerb('approval.list', { all: true, limit: 500 })
  return (
    <>
      <PageTitle
        aside={
          <Link to="/audit" search={{ session }} className="link">
            Its entries
          </Link>
        }
      >
        Session <AgentText text={session} />
      </PageTitle>
      <Loaded of={found}>
        {({ entries, next }) => (
          <>
            {entries.length === 0 ? (
              <Empty>The log has no entry of this session{from === undefined ? '' : ` from entry ${from} on`}.</Empty>
            ) : (
              <Waterfall rows={sessionRows(entries, requests.data?.requests ?? [], found.dataUpdatedAt)} />
            )}
            <p className="mt-2 flex flex-wrap gap-2">
              {from !== undefined && from > 0 && (
                <Link to="/sessions/$id" params={{ id: session }} className="button">
                  Before entry {from}, too
                </Link>
              )}
              {next !== undefined && entries.length > 0 && (
                <Link to="/sessions/$id" params={{ id: session }} search={{ from: next }} className="button">
                  Further, from entry {next}
                </Link>
              )}
            </p>
          </>
        )}
      </Loaded>
    </>
  )
}

function Waterfall({ rows }: { rows: readonly SessionRow[] }): ReactElement {
  const startMs = Math.min(...rows.map((row) => row.startMs))
  const wholeMs = Math.max(1, ...rows.map((row) => row.startMs + row.tookMs - startMs))
  return (
    <>
      <p className="mb-2 text-sm text-soft">
        From <Time at={startMs} />, over {lengthOf(wholeMs)}. What stands further in was asked for by what stands above it.
      </p>
      <Table
        name="session"
        rows={rows}
        keyOf={({ key }) => key}
        columns={[
          {
            title: 'What',
            text: ({ what, depth }) => `${'  '.repeat(depth)}${what}`,
            cell: (row) => <What row={row} />,
          },
          { title: 'Decided', text: ({ verdict }) => verdict, cell: ({ verdict }) => <EffectBadge effect={verdict} /> },
          {
            title: 'Came of it',
            text: ({ outcome }) => outcome,
            cell: ({ outcome }) => (outcome === '' ? '–' : <EffectBadge effect={outcome} />),
          },
          {
            title: 'After',
            text: (row) => row.startMs - startMs,
            cell: (row) => <span className="whitespace-nowrap tabular-nums">{lengthOf(row.startMs - startMs)}</span>,
          },
          {
            title: 'Took',
            text: ({ tookMs }) => tookMs,
            cell: ({ tookMs }) => <span className="whitespace-nowrap tabular-nums">{lengthOf(tookMs)}</span>,
          },
          { title: 'In time', text: () => '', cell: (row) => <Bar row={row} startMs={startMs} wholeMs={wholeMs} /> },
        ]}
      />
    </>
  )
}

const KINDS = { model: 'model', act: 'act', people: 'people', session: 'session' }

function What({ row: { entry, kind, what, depth } }: { row: SessionRow }): ReactElement {
  return (
    <span className="flex flex-wrap items-baseline gap-2" style={{ paddingInlineStart: `${Math.min(depth, DEPTH_MAX) * 1.25}rem` }}>
      <Badge tone={kind === 'people' ? 'warn' : 'plain'}>{KINDS[kind]}</Badge>
      <Link to="/decisions/$entry" params={{ entry: String(entry) }} className="link wrap-anywhere">
        {what}
      </Link>
    </span>
  )
}

/** For eyes alone: the numbers beside it say the same. */
function Bar({
  row: { startMs: at, tookMs, verdict },
  startMs,
  wholeMs,
}: {
  row: SessionRow
  startMs: number
  wholeMs: number
}): ReactElement {
  const width = Math.max(BAR_PERCENT_MIN, (tookMs / wholeMs) * 100)
  const left = Math.min(100 - width, ((at - startMs) / wholeMs) * 100)
  const isStopped = verdict === 'deny' || verdict === 'rejected' || verdict === 'refused'
  return (
    <span aria-hidden="true" className="relative block h-4 min-w-48 rounded-sm bg-sunk">
      <span
        className={`bar absolute inset-y-0 block rounded-sm ${isStopped ? 'bg-bad' : 'bg-accent'}`}
        style={{ left: `${left}%`, width: `${width}%` }}
      />
    </span>
  )
}

function lengthOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}
