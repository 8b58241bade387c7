import { GatewayError, isJsonObject, type Json, type JsonObject } from '@sallyport/core'

/** What may be repeated of a request in a message: names and places, nothing that could be words. */
const PLAIN_PATH = /^[\w.$-]{1,200}$/

/** @param path Where in the request it is: `messages.2.content.0.image_url`. */
export function untranslatable(path: string): GatewayError {
  const named = PLAIN_PATH.test(path) ? path : 'a member of the request'
  return new GatewayError('MODEL_UNTRANSLATABLE', `${named} cannot be said in the wire of this provider`)
}

/** The members of one object, each to be read; what nobody read is refused by name, so that nothing is ever dropped. */
export class Members {
  readonly #value: JsonObject
  readonly #path: string
  readonly #leaveOut: ReadonlySet<string>
  readonly #read = new Set<string>()

  /** @param leaveOut Names the operator lets go for this provider. @throws GatewayError `MODEL_UNTRANSLATABLE` when it is no object */
  constructor(value: Json | undefined, path: string, leaveOut: ReadonlySet<string>) {
    if (!isJsonObject(value)) throw untranslatable(path)
    this.#value = value
    this.#path = path
    this.#leaveOut = leaveOut
  }

  /** Whether the operator lets a member of this name go. */
  isLeftOut(name: string): boolean {
    return this.#leaveOut.has(name)
  }

  at(name: string | number): string {
    return this.#path === '' ? String(name) : `${this.#path}.${name}`
  }

  /** `null` counts as absent, as it does on every wire here. */
  take(name: string): Json | undefined {
    this.#read.add(name)
    return this.#value[name] ?? undefined
  }

  text(name: string): string | undefined {
    const value = this.take(name)
    if (value !== undefined && typeof value !== 'string') throw untranslatable(this.at(name))
    return value
  }

  number(name: string): number | undefined {
    const value = this.take(name)
    if (value !== undefined && typeof value !== 'number') throw untranslatable(this.at(name))
    return value
  }

  /** Objects of a list. */
  list(name: string): readonly Members[] {
    const value = this.take(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw untranslatable(this.at(name))
    return (value as readonly Json[]).map((item, i) => new Members(item, `${this.at(name)}.${i}`, this.#leaveOut))
  }

  inner(name: string): Members | undefined {
    const value = this.take(name)
    return value === undefined ? undefined : new Members(value, this.at(name), this.#leaveOut)
  }

  /** Says nothing that the provider would not do anyway; any other value is refused. */
  only(name: string, ...accepted: readonly Json[]): void {
    const value = this.take(name)
    if (value !== undefined && !accepted.includes(value) && !this.#leaveOut.has(name)) throw untranslatable(this.at(name))
  }

  /** @throws GatewayError `MODEL_UNTRANSLATABLE` for the first member that was not read */
  end(): void {
    for (const [name, value] of Object.entries(this.#value)) {
      if (this.#read.has(name) || (value ?? null) === null || this.#leaveOut.has(name)) continue
      throw untranslatable(this.at(name))
    }
  }
}
