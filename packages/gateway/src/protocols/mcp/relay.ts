import { type Action, type CompiledManifest, type Json, type JsonObject, type Principal, isReduced } from '@sallyport/core'
import type { Talk } from '../../guard.ts'
import type { McpRequest } from './request.ts'
import { progressToken } from './target.ts'
import { META, metaOf } from './wire.ts'

interface Said {
  readonly name: string
  readonly said: JsonObject
  readonly ask: { readonly principal: Principal; readonly manifest: CompiledManifest | undefined; readonly server: string }
  readonly action: Action
  readonly hear: Talk['hear']
  /** Passes a notice on; its words, if it has any, are remembered before. */
  readonly pass: (notice: () => void, words: readonly Json[]) => void
}

/**
 * Passes on what a server says while it works. Its words are no result: where a grant limits what a result may hold, they stay here.
 * Members the protocol does not name never pass.
 */
export function relay(request: McpRequest, { name, said, ask, action, hear, pass }: Said): void {
  const { manifest, principal, server } = ask
  const task = manifest?.tasks.get(principal.task ?? '')
  const grant = task?.tools.get(`${server}.${action.name}`)
  const isWordless = action.kind === 'tool.call' && (!grant || isReduced(grant))
  const heard = (member: string, words: Json | undefined): JsonObject => {
    const passed = isWordless || words === undefined ? undefined : hear(words)
    return passed === undefined ? {} : { [member]: passed }
  }
  const notify = (params: JsonObject, words: JsonObject): void =>
    pass(() => request.reply.notify(name, { ...params, ...words }), Object.values(words) as Json[])
  const token = progressToken(request.params)
  if (name === 'notifications/progress' && token !== undefined)
    notify({ ...numbers(said, ['progress', 'total']), progressToken: token }, heard('message', said['message']))
  if (name !== 'notifications/message' || isWordless) return
  const granted = task?.clientFeatures.get('logging')?.has(server) === true
  const wanted = request.era === 'legacy' || metaOf(request.params)[META.logLevel] !== undefined
  if (!granted || !wanted) return
  const { level, logger, data } = said
  const labels = hear({ level: level ?? '', logger: logger ?? '' }) as JsonObject | undefined
  const named = logger === undefined || !labels ? {} : { logger: labels['logger'] ?? '' }
  notify({ level: labels?.['level'] ?? 'info' }, { ...named, ...heard('data', data) })
}

function numbers(said: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(members.flatMap((member) => (typeof said[member] === 'number' ? [[member, said[member]]] : [])))
}
