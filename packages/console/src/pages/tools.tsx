import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { AgentText } from '../ui/agent-text.tsx'
import { Badge, Empty, Loaded, PageTitle, type Tone } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useMay, useVerb } from '../use-verb.ts'
import { Quarantine } from './quarantine.tsx'

const TONES: Readonly<Record<string, Tone>> = {
  approved: 'good',
  changed: 'bad',
  lookalike: 'bad',
  colliding: 'bad',
  invalid: 'bad',
  new: 'warn',
}

export function ToolsPage(): ReactElement {
  const tools = useVerb('tools.list', {})
  const mayJudge = useMay('quarantine.list')
  return (
    <>
      <PageTitle>Tools</PageTitle>
      <Loaded of={tools}>
        {({ tools: list, problems }) => (
          <>
            {problems.map(({ server, problem }) => (
              <p key={server} className="panel mb-2 border-bad">
                {server} could not be asked: <AgentText text={problem} />
              </p>
            ))}
            {list.length === 0 ? (
              <Empty>No server offers a tool. Name servers in sallyport.yaml.</Empty>
            ) : (
              <Table
                name="tools"
                rows={list}
                keyOf={({ server, tool }) => `${server}.${tool}`}
                columns={[
                  {
                    title: 'Tool',
                    text: ({ server, tool }) => `${server}.${tool}`,
                    cell: ({ server, tool }) => (
                      <Link to="/tools/$server/$tool" params={{ server, tool }} className="link">
                        <AgentText text={`${server}.${tool}`} />
                      </Link>
                    ),
                  },
                  {
                    title: 'State',
                    text: ({ state }) => state,
                    cell: ({ state }) => <Badge tone={TONES[state] ?? 'plain'}>{state}</Badge>,
                  },
                  { title: 'Does', text: ({ effect }) => effect ?? '', cell: ({ effect }) => effect ?? '–' },
                  {
                    title: 'Looks like',
                    text: ({ warnings }) => warnings.map(({ code }) => code).join(' '),
                    cell: ({ warnings }) =>
                      warnings.map(({ code }, i) => (
                        <Badge key={i} tone="bad">
                          {code}
                        </Badge>
                      )),
                  },
                  {
                    title: 'Reviewed',
                    text: ({ reviewedBy }) => reviewedBy ?? '',
                    cell: ({ reviewedBy, reviewedAtMs }) =>
                      reviewedBy === undefined || reviewedAtMs === undefined ? (
                        '–'
                      ) : (
                        <>
                          {reviewedBy}, <Time at={reviewedAtMs} />
                        </>
                      ),
                  },
                ]}
              />
            )}
          </>
        )}
      </Loaded>
      {mayJudge && <Quarantine />}
    </>
  )
}
