import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { people, type Session } from '../api.ts'
import { ProblemNote } from '../ui/states.tsx'
import { useAttempt } from '../ui/use-attempt.ts'

/** Taken out of the address at once: it is a secret, and works once. */
const token = location.hash.slice(1)
if (token !== '') history.replaceState(null, '', location.pathname)

/** Where a one-time link leads. Opening it does nothing; the person says so first, so that no program that follows links uses it up. */
export function EnrolPage(): ReactElement {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [session, setSession] = useState<Session | undefined>(() => client.getQueryData<Session>(['session']))
  const [label, setLabel] = useState('this device')
  const { problem, attempt } = useAttempt()
  const ways = useQuery({ queryKey: ['ways'], queryFn: people.ways })
  const take = (act: () => Promise<Session>): Promise<void> =>
    attempt(async () => {
      const next = await act()
      setSession(next)
      client.setQueryData(['session'], next)
      if (next.method !== 'link') await navigate({ to: '/' })
    })
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-4 p-4">
      <h1 className="text-2xl font-semibold">Welcome to Sallyport</h1>
      {!session && (
        <>
          <p>This link is for you alone and works once.</p>
          <button
            type="button"
            className="button-main"
            disabled={token === ''}
            onClick={() => void take(() => people.withLink(token))}
          >
            Use the link
          </button>
          {token === '' && <p className="text-soft">The address holds no link. Open the whole link you were given.</p>}
        </>
      )}
      {session && (
        <>
          <p>
            You are <strong>{session.user}</strong>. Register a passkey: with it you sign in and confirm what matters.
          </p>
          <label className="grid gap-1">
            What you call it
            <input className="field" value={label} maxLength={64} onChange={(event) => setLabel(event.target.value)} />
          </label>
          <button
            type="button"
            className="button-main"
            disabled={label.trim() === ''}
            onClick={() => void take(() => people.addPasskey(label.trim()))}
          >
            Register a passkey
          </button>
          {ways.data?.oidc.map(({ id, label: name }) => (
            <a key={id} className="button" href={`/api/v1/sign-in/oidc/${encodeURIComponent(id)}`}>
              Connect your account at {name}
            </a>
          ))}
        </>
      )}
      {problem !== undefined && <ProblemNote error={problem} />}
    </main>
  )
}
