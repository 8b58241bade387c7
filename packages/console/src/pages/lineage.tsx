import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import type { Output } from '../api.ts'
import { Part } from '../ui/part.tsx'
import { EffectBadge, Loaded } from '../ui/states.tsx'
import { actionName } from '../ui/words.ts'
import { useVerb } from '../use-verb.ts'

const BY = { value: 'a value of it was used', asked: 'the model asked for it', may: 'the session had read it' }

/** The path of what led to an act, from the act back to the sources; and what it led to. */
export function Lineage({ index }: { index: number }): ReactElement {
  const back = useVerb('audit.lineage', { index, direction: 'back', purpose: 'explain' })
  const forward = useVerb('audit.lineage', { index, direction: 'forward', purpose: 'explain' })
  return (
    <Part title="The path it took">
      <Loaded of={back}>{(data) => <Steps data={data} end="from" none="Nothing that was read before led to it." />}</Loaded>
      <h3 className="mt-3 text-sm font-semibold text-soft">What it led to</h3>
      <Loaded of={forward}>{(data) => <Steps data={data} end="to" none="Nothing so far." />}</Loaded>
    </Part>
  )
}

function Steps({
  data: { start, acts, edges },
  end,
  none,
}: {
  data: Output<'audit.lineage'>
  end: 'from' | 'to'
  none: string
}): ReactElement {
  const steps = acts.filter(({ entry }) => entry !== start)
  if (steps.length === 0) return <p className="text-soft">{none}</p>
  return (
    <ol className="grid gap-1 border-l-2 border-line pl-3">
      {steps.map((act) => {
        const ways = [...new Set(edges.filter((edge) => edge[end] === act.entry).map(({ by }) => BY[by]))]
        return (
          <li key={act.entry}>
            <EffectBadge effect={act.enforced} />{' '}
            <Link to="/decisions/$entry" params={{ entry: String(act.entry) }} className="link">
              {actionName(act)}
            </Link>{' '}
            <span className="text-sm text-soft">
              {[...ways, act.trust, ...act.classes].filter((part) => part !== undefined).join(', ')}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
