import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import type { AuditSearch } from '../audit-search.ts'
import { Badge, EffectBadge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { actorOf, effectOf, wordsOf } from '../ui/words.ts'
import { useFound } from '../use-found.ts'
import { useVerb } from '../use-verb.ts'

const PAGE = 100
const FIELDS = ['agent', 'user', 'tool', 'session', 'effect'] as const

export function AuditPage(): ReactElement {
  const search = useSearch({ from: '/inside/audit' })
  const { from, ...query } = search
  const found = useFound({
    query: { ...query, ...(from !== undefined && { from }) } as never,
    limit: PAGE,
    purpose: 'looking through the log',
  })
  return (
    <>
      <PageTitle aside={<Verify />}>Audit</PageTitle>
      <Filter key={JSON.stringify(query)} query={query} />
      <Loaded of={found}>
        {({ entries, counts, next, from: first, to }) => (
          <>
            <p className="my-2 text-sm text-soft">
              {Object.entries(counts)
                .filter(([, count]) => count > 0)
                .map(([type, count]) => `${count} ${type}`)
                .join(', ') || 'nothing'}{' '}
              among entries {first} to {to}
            </p>
            {entries.length === 0 ? (
              <Empty>Nothing {next === undefined ? 'in the log' : 'so far'} fits.</Empty>
            ) : (
              <Table
                name="entries"
                rows={entries}
                keyOf={({ index }) => String(index)}
                columns={[
                  {
                    title: 'Entry',
                    text: ({ index }) => index,
                    cell: ({ index }) => (
                      <Link to="/decisions/$entry" params={{ entry: String(index) }} className="link">
                        {index}
                      </Link>
                    ),
                  },
                  { title: 'When', text: ({ time }) => time, cell: ({ time }) => <Time at={time} /> },
                  { title: 'Type', text: ({ type }) => type, cell: ({ type }) => type },
                  { title: '', text: effectOf, cell: (entry) => <EffectBadge effect={effectOf(entry)} /> },
                  { title: 'Who', text: actorOf, cell: actorOf },
                  { title: 'What', text: wordsOf, cell: wordsOf },
                ]}
              />
            )}
            {next !== undefined && (
              <Link to="/audit" search={{ ...search, from: next }} className="button mt-2">
                Further, from entry {next}
              </Link>
            )}
          </>
        )}
      </Loaded>
    </>
  )
}

function Filter({ query }: { query: AuditSearch }): ReactElement {
  const navigate = useNavigate()
  const [fields, setFields] = useState<Record<string, string>>(() =>
    Object.fromEntries(FIELDS.map((name) => [name, query[name] ?? ''])),
  )
  return (
    <form
      className="grid items-end gap-2 sm:grid-cols-3 lg:grid-cols-6"
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({
          to: '/audit',
          search: Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== '')),
        })
      }}
    >
      {FIELDS.map((name) => (
        <label key={name} className="grid gap-1 text-sm">
          {name}
          <input
            className="field"
            maxLength={200}
            value={fields[name] ?? ''}
            onChange={(event) => setFields({ ...fields, [name]: event.target.value })}
          />
        </label>
      ))}
      <button type="submit" className="button">
        Look
      </button>
    </form>
  )
}

/** Verifies the whole log; says it loudly when it does not hold. */
function Verify(): ReactElement {
  const verify = useVerb('audit.verify', { purpose: 'verified by hand' }, { enabled: false })
  return (
    <div className="flex flex-wrap items-center gap-2">
      {verify.data?.ok === true && <Badge tone="good">{`holds: ${verify.data.size} entries`}</Badge>}
      {verify.data?.ok === false && (
        <p role="alert" className="rounded-md border-2 border-bad p-2 font-semibold text-bad">
          The log does not verify: {verify.data.problem ?? 'it was changed'}. Isolate, keep the disk, call security.
        </p>
      )}
      <button type="button" className="button" disabled={verify.isFetching} onClick={() => void verify.refetch()}>
        {verify.isFetching ? 'Verifying…' : 'Verify the log'}
      </button>
    </div>
  )
}
