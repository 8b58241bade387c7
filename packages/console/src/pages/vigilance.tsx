import type { ReactElement } from 'react'
import type { Output } from '../api.ts'
import { Part } from '../ui/part.tsx'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { useVerb } from '../use-verb.ts'

type Vigilance = Output<'approval.vigilance'>
type Person = Vigilance['people'][number]

const seconds = (ms: number | undefined): string => (ms === undefined ? 'not known' : `${(ms / 1_000).toFixed(1)} s`)

const COLUMNS: readonly Column<Person>[] = [
  { title: 'Person', cell: ({ user }) => user, text: ({ user }) => user },
  { title: 'Decided', cell: ({ decided }) => decided, text: ({ decided }) => decided },
  { title: 'Approved', cell: ({ approved }) => approved, text: ({ approved }) => approved },
  { title: 'Looked for (median)', cell: ({ lookP50Ms }) => seconds(lookP50Ms), text: ({ lookP50Ms }) => seconds(lookP50Ms) },
  {
    title: 'Tests missed',
    cell: ({ tests, testsMissed }) => `${testsMissed} of ${tests}`,
    text: ({ tests, testsMissed }) => `${testsMissed} of ${tests}`,
  },
  {
    title: 'Looks',
    cell: ({ isRubberStamp }) => (isRubberStamp ? <Badge tone="bad">approves without looking</Badge> : ''),
    text: ({ isRubberStamp }) => (isRubberStamp ? 'approves without looking' : ''),
  },
]

/** How people decide, together and each. */
export function VigilancePage(): ReactElement {
  const query = useVerb('approval.vigilance', {})
  return (
    <>
      <PageTitle>How people decide</PageTitle>
      <Loaded of={query}>
        {(all) => (
          <div className="space-y-4">
            <Part title="The last 30 days">
              <p>
                {all.asked} asked: {all.approved} approved, {all.rejected} rejected, {all.expired} lapsed, {all.cancelled}{' '}
                cancelled, {all.pending} waiting
              </p>
              {all.approvedShare !== undefined && (
                <p>
                  Of what people decided, {(100 * all.approvedShare).toFixed(1)} % was approved, after {seconds(all.decidedP50Ms)}{' '}
                  (median) and {seconds(all.decidedP95Ms)} (95th percentile).
                </p>
              )}
            </Part>
            {all.people.length === 0 ? (
              <Empty>Nobody has decided on anything yet.</Empty>
            ) : (
              <Table name="People who decide" columns={COLUMNS} rows={all.people} keyOf={({ user }) => user} />
            )}
          </div>
        )}
      </Loaded>
    </>
  )
}
