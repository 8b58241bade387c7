import { EMPTY_LABEL, joinLabels, type FieldValue, normalText, type SessionContent, type SessionLabel } from '@sallyport/core'
import type { Item, RememberedText } from './session-item.ts'

/** Texts of one session that are searched, and their length together in UTF-16 units. The oldest goes; the label stays. */
const TEXTS_MAX = 400
const CHARS_MAX = 512 * 1_024
/** Calls a model asked for that were not followed yet. */
const CALLS_MAX = 200
/** Labels kept apart. */
const MET_MAX = 5_000
/** Digests of delivered messages. */
const DELIVERED_MAX = 5_000

/** What one session holds, as far as it is searched. */
export class SessionMemory {
  /** Place of the last item that is in here. */
  seq = 0
  label: SessionLabel = EMPTY_LABEL
  /** When it was last asked for, Unix milliseconds. */
  usedMs = 0
  readonly calls: NonNullable<Item['calls']> = []
  readonly delivered = new Set<string>()
  readonly #texts: {
    readonly seq: number
    readonly text: RememberedText
    content?: SessionContent
    leaves?: readonly FieldValue[]
  }[] = []
  /** What the label is made of. */
  readonly #met: { readonly seq: number; readonly label: SessionLabel }[] = []
  #chars = 0

  /** @param seq Its place in the store. */
  add({ texts = [], calls = [], delivered = [], anew }: Item, seq: number): void {
    if (anew) this.#begin(anew.upTo)
    for (const text of texts) {
      if (text.origin !== 'model') this.#meet(seq, { integrity: text.integrity, classes: text.seen })
      this.#texts.push({ seq, text })
      this.#chars += text.text.length
    }
    while (this.#texts.length > TEXTS_MAX || this.#chars > CHARS_MAX) this.#forget()
    this.calls.push(...calls)
    this.calls.splice(0, Math.max(0, this.calls.length - CALLS_MAX))
    for (const one of delivered) this.delivered.add(one)
    for (const oldest of this.delivered) {
      if (this.delivered.size <= DELIVERED_MAX) break
      this.delivered.delete(oldest)
    }
  }

  #meet(seq: number, met: SessionLabel): void {
    this.label = joinLabels(this.label, met)
    this.#met.push({ seq, label: met })
    // Two become one that is dropped no earlier than the later of them.
    if (this.#met.length > MET_MAX) {
      const [a, b] = this.#met.splice(0, 2)
      if (a && b) this.#met.unshift({ seq: b.seq, label: joinLabels(a.label, b.label) })
    }
  }

  /** What came while a person wrote the summary they confirmed is not in it, and counts on. */
  #begin(upTo: number): void {
    const isLater = ({ seq }: { readonly seq: number }): boolean => seq > upTo
    this.#texts.splice(0, this.#texts.length, ...this.#texts.filter(isLater))
    this.#chars = this.#texts.reduce((sum, { text }) => sum + text.text.length, 0)
    this.#met.splice(0, this.#met.length, ...this.#met.filter(isLater))
    this.label = this.#met.map(({ label }) => label).reduce(joinLabels, EMPTY_LABEL)
    this.calls.length = 0
    // What is sent again as history was not delivered in what begins now.
    this.delivered.clear()
  }

  /** Every text, in the form in which it is searched; made once, when it is needed. */
  contents(): readonly SessionContent[] {
    return this.#texts.map((each) => {
      const { origin, source, integrity, classes, text, entry } = each.text
      each.content ??= {
        origin,
        ...(source !== undefined && { source }),
        integrity,
        classes,
        text: normalText(text),
        ...(entry !== undefined && { entry }),
      }
      return each.content
    })
  }

  /** Values of structured results with their fields, the newest result first. */
  *leaves(): Generator<FieldValue & { readonly source: string }> {
    for (const each of this.#texts.toReversed()) {
      const { fields, source, text } = each.text
      if (!fields || source === undefined) continue
      each.leaves ??= [...leavesIn(text, fields)]
      for (const leaf of each.leaves) yield { ...leaf, source }
    }
  }

  /** What a user said is little and matters most; it goes last. */
  #forget(): void {
    const at = Math.max(
      0,
      this.#texts.findIndex(({ text }) => text.origin !== 'user'),
    )
    this.#chars -= this.#texts[at]?.text.text.length ?? 0
    this.#texts.splice(at, 1)
  }
}

function* leavesIn(text: string, fields: readonly (readonly [field: string, chars: number])[]): Generator<FieldValue> {
  let at = text.length - fields.reduce((sum, [, chars]) => sum + chars + 1, -1)
  for (const [field, chars] of fields) {
    yield { field, text: normalText(text.slice(at, at + chars)).trim() }
    at += chars + 1
  }
}
