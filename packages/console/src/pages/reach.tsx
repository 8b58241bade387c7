import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import type { Output } from '../api.ts'
import { AgentText } from '../ui/agent-text.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { useVerb } from '../use-verb.ts'

type Task = Output<'manifest.reach'>['tasks'][number]
type Row = Task['tools'][number] & { readonly task: string }

/** R010: everything an agent can reach, with every bound, were it in the hands of somebody else. */
export function Reach({ agent }: { agent: string }): ReactElement {
  const reach = useVerb('manifest.reach', { agent })
  return (
    <Part title="Blast radius: all it can reach">
      <Loaded of={reach}>
        {({ tasks, observed, denied }) => (
          <>
            <p className="mb-2">
              <Link to="/agents/$agent/graph" params={{ agent }} className="link">
                Where its data goes, as a picture
              </Link>
            </p>
            {observed.length > 0 && <p className="text-warn">Only recorded, so these bounds do not hold: {observed.join(', ')}</p>}
            <Table
              name="reach"
              rows={tasks.flatMap(({ task, tools }): Row[] => tools.map((tool) => ({ ...tool, task })))}
              keyOf={({ task, tool }) => `${task} ${tool}`}
              columns={[
                { title: 'Task', text: ({ task }) => task, cell: ({ task }) => task },
                { title: 'Tool', text: ({ tool }) => tool, cell: ({ tool }) => <AgentText text={tool} /> },
                {
                  title: 'Scope',
                  text: ({ scope }) => scope,
                  cell: ({ scope, tier }) => <Badge tone={tier === 'high' ? 'bad' : 'plain'}>{`${scope}, ${tier}`}</Badge>,
                },
                {
                  title: 'Before it happens',
                  text: ({ waits, refused }) => refused.join(' ') || (waits ? 'a person' : 'nothing'),
                  cell: ({ waits, refused }) =>
                    refused.length > 0 ? (
                      <Badge tone="bad">{`refused: ${refused.join(', ')}`}</Badge>
                    ) : waits ? (
                      'a person decides'
                    ) : (
                      'nothing'
                    ),
                },
                {
                  title: 'Only to',
                  text: ({ domains }) => domains?.join(' ') ?? 'any',
                  cell: ({ domains }) => domains?.join(', ') ?? 'any',
                },
                { title: 'At most', text: ({ caps }) => capsOf(caps), cell: ({ caps }) => capsOf(caps) || '–' },
              ]}
            />
            {denied.length > 0 && <p className="mt-2">Denied by name: {denied.join(', ')}</p>}
          </>
        )}
      </Loaded>
    </Part>
  )
}

function capsOf(caps: Row['caps']): string {
  return caps.map(({ path, max, exclusive }) => `${path} ${exclusive ? '<' : '≤'} ${max}`).join(', ')
}

/** R036: what was granted and never used, and the manifest without it. */
export function Unused({ agent }: { agent: string }): ReactElement {
  const [days, setDays] = useState(30)
  const unused = useVerb('manifest.unused', { agent, days })
  return (
    <Part title="Granted, not used">
      <label className="flex items-center gap-2">
        within
        <select className="field w-auto" value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {[7, 30, 90].map((one) => (
            <option key={one} value={one}>
              {one} days
            </option>
          ))}
        </select>
      </label>
      <Loaded of={unused}>
        {({ unused: list, young, proposal, entries }) => (
          <>
            <p className="mt-2">
              {list.length === 0 ? 'Nothing: every grant of that age was used.' : `${list.length} grants.`}{' '}
              <span className="text-sm text-soft">
                ({entries} entries read; {young.length} more are younger)
              </span>
            </p>
            <ul className="list-disc pl-5">
              {list.map(({ task, kind, name }) => (
                <li key={`${task} ${kind} ${name}`}>
                  {task}: {kind} <AgentText text={name} />
                </li>
              ))}
            </ul>
            {proposal !== undefined && (
              <details className="mt-2">
                <summary className="cursor-pointer">The manifest without them</summary>
                <AgentText text={proposal} block />
              </details>
            )}
          </>
        )}
      </Loaded>
    </Part>
  )
}
