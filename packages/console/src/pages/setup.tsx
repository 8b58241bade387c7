import type { Entry } from '@sallyport/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useEffect, useState } from 'react'
import { AgentText } from '../ui/agent-text.tsx'
import { Copyable } from '../ui/copyable.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, EffectBadge, Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { effectOf, wordsOf } from '../ui/words.ts'
import { useMay, useVerb } from '../use-verb.ts'
import { clientConfigs, KEY_VARIABLE } from './client-configs.ts'

/** What to copy so that a client goes through the gateway, and whether it arrived. */
export function SetupPage(): ReactElement {
  const { agent: asked } = useSearch({ from: '/inside/setup' })
  const list = useVerb('agent.list', {})
  const navigate = useNavigate()
  return (
    <>
      <PageTitle>Connect a client</PageTitle>
      <Loaded of={list}>
        {({ agents }) => {
          const agent = agents.find(({ id }) => id === asked) ?? agents[0]
          if (!agent) return <Empty>No agents yet: sallyport agent create &lt;agent&gt; --task &lt;task&gt;</Empty>
          return (
            <div className="grid max-w-4xl gap-4">
              <label className="grid gap-1">
                Agent
                <select
                  className="field"
                  value={agent.id}
                  onChange={(event) => void navigate({ to: '/setup', search: { agent: event.target.value }, replace: true })}
                >
                  {agents.map(({ id }) => (
                    <option key={id}>{id}</option>
                  ))}
                </select>
              </label>
              <Key agent={agent.id} live={agent.keys.filter(({ state }) => state === 'live').length} />
              <Clients agent={agent.id} />
              <Arrived key={agent.id} agent={agent.id} />
            </div>
          )
        }}
      </Loaded>
    </>
  )
}

function Key({ agent, live }: { agent: string; live: number }): ReactElement {
  return (
    <Part title="1. A key">
      <p>
        {live === 0 ? 'It has no live key. ' : `It has ${live} live keys. `}
        Keys are shown once, where they are made, and never here. Another one, into the variable that what follows reads:
      </p>
      <Copyable
        name="the command for a key"
        text={`sallyport agent rotate ${agent} --task <task>\nexport ${KEY_VARIABLE}=<the key>\n`}
      />
    </Part>
  )
}

function Clients({ agent }: { agent: string }): ReactElement {
  const status = useVerb('status', {})
  const [id, setId] = useState<string>()
  return (
    <Part title="2. The client">
      <Loaded of={status}>
        {({ running }) => {
          if (!running) return <p>The gateway does not say where it is.</p>
          const configs = clientConfigs(running.publicUrl ?? running.url, agent)
          const shown = configs.find((one) => one.id === id) ?? configs[0]
          return (
            <div className="grid gap-2">
              <div role="group" aria-label="Client" className="flex flex-wrap gap-2">
                {configs.map((one) => (
                  <button
                    key={one.id}
                    type="button"
                    className={one === shown ? 'button border-accent font-semibold' : 'button'}
                    aria-pressed={one === shown}
                    onClick={() => setId(one.id)}
                  >
                    {one.client}
                  </button>
                ))}
              </div>
              {shown && (
                <>
                  <p className="text-sm text-soft">Into {shown.where}:</p>
                  <Copyable name={`the configuration of ${shown.client}`} text={shown.text} />
                </>
              )}
            </div>
          )
        }}
      </Loaded>
    </Part>
  )
}

/** Turns by the live log, so only for those who may read it. */
function Arrived({ agent }: { agent: string }): ReactElement {
  const mayRead = useMay('audit.tail')
  return (
    <Part title="3. Its first request">
      {mayRead ? <Waiting agent={agent} /> : <p>Whoever may read the log sees here when it arrives; ask somebody of security.</p>}
    </Part>
  )
}

function Waiting({ agent }: { agent: string }): ReactElement {
  const [seen, setSeen] = useState<Entry>()
  const [refused, setRefused] = useState<Entry>()
  useEffect(() => {
    const source = new EventSource('/api/v1/live')
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const entry = JSON.parse(data) as Entry
      if (entry.type === 'refusal' && Object.values(entry.claims).includes(agent)) setRefused(entry)
      if ((entry.type !== 'decision' && entry.type !== 'outcome') || entry.actor.id !== agent) return
      setSeen(entry)
      // One is enough; others want to listen, too.
      source.close()
    }
    return () => source.close()
  }, [agent])
  return (
    <div role="status" className="grid gap-2">
      {seen ? (
        <p>
          <Badge tone="good">first request seen ✓</Badge> <EffectBadge effect={effectOf(seen)} />{' '}
          <Link to="/decisions/$entry" params={{ entry: String(seen.index) }} className="link wrap-anywhere">
            {wordsOf(seen)}
          </Link>
          , <Time at={seen.time} />
        </p>
      ) : (
        <p>
          Waiting for a request of {agent}. What it did before:{' '}
          <Link to="/audit" search={{ agent }} className="link">
            the log
          </Link>
          .
        </p>
      )}
      {refused?.type === 'refusal' && !seen && (
        <p className="text-bad">
          A request arrived and was refused: <AgentText text={refused.detail} /> ({refused.code})
        </p>
      )}
    </div>
  )
}
