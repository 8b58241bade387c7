import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { people } from '../api.ts'
import { ProblemNote } from '../ui/states.tsx'
import { useAttempt } from '../ui/use-attempt.ts'

export function SignInPage(): ReactElement {
  const client = useQueryClient()
  const router = useRouter()
  const { to = '/' } = useSearch({ from: '/sign-in' })
  const ways = useQuery({ queryKey: ['ways'], queryFn: people.ways })
  const { problem, attempt } = useAttempt()
  const signIn = (): Promise<void> =>
    attempt(async () => {
      client.setQueryData(['session'], await people.signIn())
      router.history.push(to)
    })
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-4 p-4">
      <h1 className="flex items-center gap-2 text-2xl font-semibold">
        <img src="/mark.svg" alt="" width="32" height="32" /> Sallyport
      </h1>
      <p className="text-soft">The door between your agents and the world.</p>
      <button type="button" className="button-main" onClick={() => void signIn()}>
        Sign in with a passkey
      </button>
      {ways.data?.oidc.map(({ id, label }) => (
        <a key={id} className="button" href={`/api/v1/sign-in/oidc/${encodeURIComponent(id)}`}>
          Sign in with {label}
        </a>
      ))}
      {problem !== undefined && <ProblemNote error={problem} />}
      <p className="text-sm text-soft">No passkey yet? An owner makes a link for you: sallyport user link &lt;you&gt;</p>
    </main>
  )
}
