import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { AgentText, Untrusted } from '../ui/agent-text.tsx'
import { Ask } from '../ui/ask.tsx'
import { Badge, Empty, Loaded } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useVerb } from '../use-verb.ts'

type Held = Output<'quarantine.list'>['held'][number]

/** What was stopped on its way to an agent. Looking at it is recorded; only who has looked may let it pass. */
export function Quarantine(): ReactElement {
  const held = useVerb('quarantine.list', {})
  const [asked, setAsked] = useState<Held>()
  const [seen, setSeen] = useState<Output<'quarantine.show'>>()
  return (
    <section className="mt-6">
      <h2 className="mb-2 text-xl font-semibold">Quarantine</h2>
      <Loaded of={held}>
        {({ held: list }) =>
          list.length === 0 ? (
            <Empty>Nothing was stopped as an injection.</Empty>
          ) : (
            <Table
              name="quarantine"
              rows={list}
              keyOf={({ index }) => String(index)}
              columns={[
                {
                  title: 'Entry',
                  text: ({ index }) => index,
                  cell: ({ index, decision }) => (
                    <Link to="/decisions/$entry" params={{ entry: String(decision) }} className="link">
                      {index}
                    </Link>
                  ),
                },
                { title: 'When', text: ({ time }) => time, cell: ({ time }) => <Time at={time} /> },
                { title: 'On its way to', text: ({ agent }) => agent, cell: ({ agent }) => agent },
                {
                  title: 'From',
                  text: ({ server, name }) => `${server ?? ''}.${name ?? ''}`,
                  cell: ({ server, name }) => <AgentText text={`${server ?? ''}.${name ?? ''}`} />,
                },
                { title: 'Seen', text: ({ findings }) => findings.join(' '), cell: ({ findings }) => findings.join(', ') },
                {
                  title: '',
                  text: ({ isReleased }) => (isReleased ? 'released' : 'held'),
                  cell: ({ isReleased }) => <Badge tone={isReleased ? 'warn' : 'good'}>{isReleased ? 'released' : 'held'}</Badge>,
                },
                {
                  title: 'Content',
                  text: ({ bytes }) => bytes,
                  cell: (one) => (
                    <button type="button" className="button" onClick={() => setAsked(one)}>
                      Look at entry {one.index}
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {asked && (
        <Ask
          title={`Look at what entry ${asked.index} withheld`}
          act="Look at it"
          onClose={() => setAsked(undefined)}
          run={async (purpose) => setSeen(await call('quarantine.show', { index: asked.index, purpose }))}
        >
          It may be an attack, or somebody’s data. Who looked, and why, is recorded.
        </Ask>
      )}
      {seen && <Seen key={seen.held.index} seen={seen} onDone={() => setSeen(undefined)} />}
    </section>
  )
}

function Seen({
  seen: {
    held: { index, server, agent, isReleased },
    text,
  },
  onDone,
}: {
  seen: Output<'quarantine.show'>
  onDone: () => void
}): ReactElement {
  const [isAsking, setAsking] = useState(false)
  const client = useQueryClient()
  const act = isReleased ? 'Stop it again' : 'Let it pass'
  return (
    <section className="panel mt-4 grid gap-2" aria-label={`What entry ${index} withheld`}>
      <Untrusted who={server ?? 'The source'} text={text} />
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button" onClick={onDone}>
          Close
        </button>
        <button type="button" className="button-bad" onClick={() => setAsking(true)}>
          {act}
        </button>
      </div>
      {isAsking && (
        <Ask
          title={`${act}: what entry ${index} withheld from ${agent}`}
          act={act}
          isBad
          onClose={() => setAsking(false)}
          onDone={() => {
            onDone()
            void client.invalidateQueries()
          }}
          run={(reason) => call(isReleased ? 'quarantine.revoke' : 'quarantine.release', { index, reason })}
        >
          {isReleased
            ? 'It is stopped again from the next call on.'
            : 'Exactly this content passes from now on, when it is asked for again. Another byte is looked at anew.'}
        </Ask>
      )}
    </section>
  )
}
