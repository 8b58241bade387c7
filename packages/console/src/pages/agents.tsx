import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Badge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useVerb } from '../use-verb.ts'

export function AgentsPage(): ReactElement {
  const list = useVerb('agent.list', {}, { everyMs: 15_000 })
  return (
    <>
      <PageTitle>Agents</PageTitle>
      <Loaded of={list}>
        {({ agents }) =>
          agents.length === 0 ? (
            <Empty>No agents yet: sallyport agent create &lt;agent&gt; --task &lt;task&gt;</Empty>
          ) : (
            <Table
              name="agents"
              rows={agents}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'Agent',
                  text: ({ id }) => id,
                  cell: ({ id: agent }) => (
                    <Link to="/agents/$agent" params={{ agent }} className="link">
                      {agent}
                    </Link>
                  ),
                },
                {
                  title: 'State',
                  text: ({ isolated }) => (isolated ? 'isolated' : 'acts'),
                  cell: ({ isolated }) => (isolated ? <Badge tone="bad">isolated</Badge> : <Badge tone="good">acts</Badge>),
                },
                {
                  title: 'Manifest',
                  text: ({ manifest }) => (manifest ? `version ${manifest.version}${manifest.signed ? ', signed' : ''}` : 'none'),
                  cell: ({ manifest }) =>
                    manifest ? (
                      <>
                        version {manifest.version}{' '}
                        <Badge tone={manifest.signed ? 'good' : 'warn'}>
                          {manifest.signed ? 'signed' : `${manifest.proposed} proposed`}
                        </Badge>
                      </>
                    ) : (
                      <Badge tone="bad">none</Badge>
                    ),
                },
                {
                  title: 'Live keys',
                  text: ({ keys }) => keys.filter(({ state }) => state === 'live').length,
                  cell: ({ keys }) => keys.filter(({ state }) => state === 'live').length,
                },
                {
                  title: 'Since',
                  text: ({ createdMs }) => new Date(createdMs).toISOString(),
                  cell: ({ createdMs }) => <Time at={createdMs} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </>
  )
}
