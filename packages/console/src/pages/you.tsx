import { shownText } from '@sallyport/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { call, people } from '../api.ts'
import { forgetView, useViews } from '../saved-views.ts'
import { Looks } from '../shell/shell.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle, ProblemNote } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useMay, useSession, useVerb } from '../use-verb.ts'
import { Deputies } from './deputies.tsx'

/** Who one is here: roles, passkeys, how it looks, the way out. */
export function YouPage(): ReactElement {
  const session = useSession()
  const mayDecide = useMay('delegation.create')
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = async (): Promise<void> => {
    await people.signOut().catch(() => undefined)
    // The pages inside need somebody: they go before the session does.
    await navigate({ to: '/sign-in' })
    client.clear()
  }
  return (
    <>
      <PageTitle
        aside={
          <button type="button" className="button" onClick={() => void leave()}>
            Sign out
          </button>
        }
      >
        {session.user}
      </PageTitle>
      <div className="grid max-w-3xl gap-4">
        <Part title="What you may do">
          <p>
            {session.roles.map((role) => (
              <Badge key={role}>{role}</Badge>
            ))}
          </p>
          {session.expiresMs !== undefined && (
            <p className="text-sm text-soft">
              Signed in by {session.method}, at the latest until <Time at={session.expiresMs} />
            </p>
          )}
        </Part>
        <Passkeys />
        {mayDecide && <Deputies />}
        <Views />
        <Part title="How it looks">
          <Looks />
        </Part>
      </div>
    </>
  )
}

/** The palette saves them, too. */
function Views(): ReactElement {
  const views = useViews()
  const { history } = useRouter()
  return (
    <Part title="Saved views, in this browser">
      {views.length === 0 && <p className="text-soft">None. On any page: Ctrl K and “save” with a name; filters are part of it.</p>}
      <ul className="grid gap-2">
        {views.map(({ name, to }) => (
          <li key={name} className="flex flex-wrap items-center justify-between gap-2">
            <button type="button" className="link wrap-anywhere" onClick={() => history.push(to)}>
              {shownText(name)}
            </button>
            <button type="button" className="button" onClick={() => forgetView(name)}>
              Forget {shownText(name)}
            </button>
          </li>
        ))}
      </ul>
    </Part>
  )
}

function Passkeys(): ReactElement {
  const client = useQueryClient()
  const list = useVerb('passkey.list', {})
  const [label, setLabel] = useState('')
  const { problem, attempt } = useAttempt()
  const act = (run: () => Promise<unknown>): Promise<void> =>
    attempt(async () => {
      await run()
      setLabel('')
      await client.invalidateQueries()
    })
  return (
    <Part title="Passkeys">
      <Loaded of={list}>
        {({ passkeys }) => (
          <ul className="grid gap-2">
            {passkeys.map(({ id, label: name, createdMs }) => (
              <li key={id} className="flex flex-wrap items-center justify-between gap-2">
                <span>
                  {name}, since <Time at={createdMs} />
                </span>
                <button type="button" className="button" onClick={() => void act(() => call('passkey.revoke', { id }))}>
                  Revoke {name}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <label className="mt-2 grid gap-1">
        Another one: what you call it
        <input className="field" maxLength={64} value={label} onChange={(event) => setLabel(event.target.value)} />
      </label>
      {problem !== undefined && <ProblemNote error={problem} />}
      <button
        type="button"
        className="button mt-2"
        disabled={label.trim() === ''}
        onClick={() => void act(() => people.addPasskey(label.trim()))}
      >
        Register a passkey
      </button>
    </Part>
  )
}
