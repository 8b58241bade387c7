import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from '@tanstack/react-query'
import { call, type Input, type Output, type Session, type VerbName } from './api.ts'

/** What a verb says, asked again every `everyMs` while the page is in front. */
export function useVerb<V extends VerbName>(
  verb: V,
  input: Input<V>,
  { everyMs, enabled = true }: { everyMs?: number; enabled?: boolean } = {},
): UseQueryResult<Output<V>> {
  return useQuery({
    queryKey: [verb, input],
    // The first time somebody looks; after that the page asks by itself.
    queryFn: ({ client, queryKey }) => call(verb, input, { background: client.getQueryData(queryKey) !== undefined }),
    enabled,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  })
}

/** Does something, and makes everything shown be read again. */
export function useAct<V extends VerbName>(verb: V): UseMutationResult<Output<V>, Error, Input<V>> {
  const client = useQueryClient()
  return useMutation({ mutationFn: (input: Input<V>) => call(verb, input), onSettled: () => client.invalidateQueries() })
}

/** The person who is signed in; pages are only shown to somebody who is. */
export function useSession(): Session {
  const session = useQueryClient().getQueryData<Session>(['session'])
  if (!session) throw new Error('not signed in')
  return session
}

/** Whether one of their roles may call it; the server says which. */
export function useMay(verb: VerbName): boolean {
  return useSession().may.includes(verb)
}
