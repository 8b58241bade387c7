import {
  cosign,
  cosignaturesOf,
  formatNote,
  GatewayError,
  judgeCheckpoint,
  noteKeyId,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  WITNESS_REFUSALS,
  type Checkpoint,
  type WitnessRefusal,
} from '@sallyport/core'
import { originHash, type WitnessFolder } from './witness-folder.ts'

/** Type of the body of a 409. @see C2SP tlog-witness */
const SIZE_TYPE = 'text/x.tlog.size'

export interface WitnessAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  /** Why it refused. */
  readonly reason?: WitnessRefusal
}

/** A witness without its listener. */
export interface Witness {
  /** Answers `POST add-checkpoint`. @throws GatewayError `STORE_UNAVAILABLE` when its own record is damaged or cannot be written */
  addCheckpoint(body: string): Promise<WitnessAnswer>
  /** The newest checkpoint it cosigned, with the signatures it verified and its own. */
  newest(hash: string): string | undefined
}

/** @param afterStore Called between storing and answering; only tests that end the process there set it. */
export function openWitness(
  folder: WitnessFolder,
  { nowMs, afterStore }: { nowMs: () => number; afterStore?: () => void },
): Witness {
  const { key } = folder
  /** Requests for one log are taken one after the other: what is checked is what is replaced. */
  const queues = new Map<string, Promise<unknown>>()
  return {
    newest: (hash) => folder.newest(hash),
    addCheckpoint(body) {
      const request = parseAddCheckpoint(body)
      if (!request) return Promise.resolve(refusal('malformed'))
      const { origin } = request.checkpoint
      if (!folder.trusted().some(({ name }) => name === origin)) return Promise.resolve(refusal('origin_unknown'))
      const answer = (queues.get(origin) ?? Promise.resolve()).then(() => judge(request))
      queues.set(
        origin,
        answer.catch(() => undefined),
      )
      return answer
    },
  }

  async function judge(request: NonNullable<ReturnType<typeof parseAddCheckpoint>>): Promise<WitnessAnswer> {
    const { origin } = request.checkpoint
    const hash = originHash(origin)
    const keys = folder.trusted().filter(({ name }) => name === origin)
    const latest = seen(hash, origin)
    const verdict = judgeCheckpoint(request, { keys, ...(latest && { latest }) })
    if (!verdict.ok) {
      // Two signed checkpoints of one size: with the one stored, this proves to anyone what the log's key did.
      if (verdict.reason === 'fork') folder.keepEvidence(`${hash}.fork`, request.note)
      return refusal(verdict.reason, verdict.size)
    }
    const { text, signatures } = parseNote(request.note) ?? { text: '', signatures: [] }
    const line = await cosign(text, key, { timeS: Math.floor(nowMs() / 1_000), sign: folder.sign })
    const ids = new Set(keys.map((one) => noteKeyId(one)))
    const verified = signatures.filter((signature) => signature.name === origin && ids.has(signature.keyId))
    folder.store(hash, formatNote({ text, signatures: [...verified, line] }))
    afterStore?.()
    return { status: 200, type: 'text/plain; charset=utf-8', body: formatNote({ text: '', signatures: [line] }).slice(1) }
  }

  /** What it cosigned last, only if that is still its own word: a record somebody edited is no record. */
  function seen(hash: string, origin: string): Checkpoint | undefined {
    const note = folder.newest(hash)
    if (note === undefined) return undefined
    const own = cosignaturesOf(note, [key])
    const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '')
    if ('fault' in own || own.length !== 1 || checkpoint?.origin !== origin)
      throw new GatewayError('STORE_UNAVAILABLE', 'the record of what was cosigned is damaged')
    return checkpoint
  }
}

function refusal(reason: WitnessRefusal, size?: number): WitnessAnswer {
  const { http, means } = WITNESS_REFUSALS[reason]
  if (size !== undefined) return { status: http, type: SIZE_TYPE, body: `${size}\n`, reason }
  return { status: http, type: 'text/plain; charset=utf-8', body: `${reason}: ${means}\n`, reason }
}
