import { type ReactElement, useState } from 'react'
import { Ask } from '../ui/ask.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, ProblemNote } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useAct, useSession, useVerb } from '../use-verb.ts'

const DAY_MS = 86_400_000
const DAYS = [1, 7, 14, 30]

/** Who decides in whose place, as far as it is about oneself. */
export function Deputies(): ReactElement {
  const { user } = useSession()
  const list = useVerb('delegation.list', {})
  const create = useAct('delegation.create')
  const end = useAct('delegation.end')
  const [to, setTo] = useState('')
  const [days, setDays] = useState(7)
  const [isAsking, setAsking] = useState(false)
  return (
    <Part title="Approvals in somebody’s place">
      <Loaded of={list}>
        {({ delegations }) => (
          <ul className="grid gap-2">
            {delegations
              .filter((one) => one.from === user || one.to === user)
              .map(({ id, from, to: deputy, untilMs, state }) => (
                <li key={id} className="flex flex-wrap items-center justify-between gap-2">
                  <span>
                    {deputy} decides for {from} until <Time at={untilMs} /> <Badge>{state}</Badge>
                  </span>
                  <button type="button" className="button" disabled={end.isPending} onClick={() => end.mutate({ id })}>
                    End it
                  </button>
                </li>
              ))}
          </ul>
        )}
      </Loaded>
      {end.isError && <ProblemNote error={end.error} />}
      <div className="mt-2 flex flex-wrap items-end gap-2">
        <label className="grid gap-1">
          Who decides for you
          <input className="field" maxLength={64} value={to} onChange={(event) => setTo(event.target.value)} />
        </label>
        <label className="grid gap-1">
          For how long
          <select className="field" value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {count === 1 ? '1 day' : `${count} days`}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="button" disabled={to.trim() === ''} onClick={() => setAsking(true)}>
          Hand over
        </button>
      </div>
      {isAsking && (
        <Ask
          title={`Let ${to.trim()} decide in your place`}
          act="Hand over"
          onClose={() => setAsking(false)}
          onDone={() => setTo('')}
          run={(reason) => create.mutateAsync({ to: to.trim(), untilMs: Date.now() + days * DAY_MS, reason })}
        >
          They may decide on whatever you may, for {days === 1 ? 'a day' : `${days} days`}. The two of you count as one person, and
          the record says that it was in your place. You, they, or security can end it.
        </Ask>
      )}
    </Part>
  )
}
