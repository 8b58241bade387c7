import type { SecurityEvent } from './security-event.ts'

/** What a format needs to know besides the event. */
export interface FormatContext {
  readonly productVersion: string
  /** Name of the machine or deployment, as the receiver should know it. */
  readonly host: string
  /** IANA private enterprise number for structured syslog data. */
  readonly enterpriseNumber: number
  /** Which names OpenTelemetry attributes have. */
  readonly conventions: ConventionsVersion
  /** Where people look at a request for approval; absent where there is no console. */
  readonly approvalUrl?: (id: string) => string
}

/** Versions of the OpenTelemetry GenAI conventions that can be spoken; they are still in development. */
export const CONVENTIONS_VERSIONS = ['1.42.0', '1.36.0'] as const
export type ConventionsVersion = (typeof CONVENTIONS_VERSIONS)[number]

/** Number that RFC 5612 reserves for documentation: used until an operator sets a number of their own. */
export const ENTERPRISE_NUMBER_EXAMPLE = 32_473

/** Largest record of a format that writes JSON: a leaf of 64 KiB, some of it in two places, every byte escaped as six. */
export const JSON_RECORD_BYTES_MAX = 1_048_576

/**
 * Writes an event the way a receiver reads it. Pure, never throws for any event, one line without raw control characters, at
 * most `bytesMax` bytes of UTF-8; `formats.contract.ts` holds every format to that.
 */
export interface Format {
  /** The name of its folder, or of the part of it. */
  readonly id: string
  readonly mediaType: string
  readonly bytesMax: number
  /** One record; `undefined` for an event that has no form here. */
  readonly format: (event: SecurityEvent, context: FormatContext) => string | undefined
  /** Several records as one document; lines unless set. */
  readonly batch?: { readonly mediaType: string; readonly join: (records: readonly string[], context: FormatContext) => string }
}

/** Declares a format; the list of all is `formats/index.ts`. */
export function defineFormat(format: Format): Format {
  return format
}
