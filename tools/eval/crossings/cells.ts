import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Channel, INGESTION_CHANNELS } from '@sallyport/core'
import type { FormatList, Streaming, TextFormat } from '../../../packages/gateway/src/text-format.ts'

export const PROTOCOLS = join(import.meta.dirname, '../../../packages/gateway/src/protocols')

/** One way for one text through one protocol. */
export interface Cell {
  readonly protocol: string
  readonly format: TextFormat
  readonly channel: Channel
  readonly streaming: Streaming
  readonly pairing: string
}

/**
 * The list of formats of every protocol, by the folders there are.
 * @throws Error when a folder has none: a protocol without one would be a way around the guard that nobody measures.
 */
export async function formatLists(folder = PROTOCOLS): Promise<ReadonlyMap<string, FormatList>> {
  const ids = readdirSync(folder, { withFileTypes: true }).flatMap((item) => (item.isDirectory() ? [item.name] : []))
  const lists = ids.sort().map(async (id): Promise<[string, FormatList]> => {
    const file = join(folder, id, 'formats.ts')
    const list = existsSync(file) ? ((await import(file)) as Record<string, FormatList | undefined>)[id] : undefined
    if (!list || list.formats.length === 0)
      throw new Error(`protocol ${id} exports no list of formats as "${id}" in its formats.ts`)
    return [id, list]
  })
  return new Map(await Promise.all(lists))
}

/** Every cell of the table, in a fixed order. */
export function cellsOf(lists: ReadonlyMap<string, FormatList>): readonly Cell[] {
  return [...lists].flatMap(([protocol, list]) =>
    list.formats.flatMap((format: TextFormat) =>
      (format.pairings ?? list.pairings).flatMap((pairing) =>
        format.streaming.flatMap((streaming) =>
          channelsOf(format).map((channel) => ({ protocol, format, channel, streaming, pairing })),
        ),
      ),
    ),
  )
}

export function channelsOf({ channel }: TextFormat): readonly Channel[] {
  return channel === undefined ? INGESTION_CHANNELS : [channel]
}

export function nameOf({ protocol, format, channel, streaming, pairing }: Cell): string {
  return [protocol, format.direction, format.stage, format.id, channel, streaming, pairing].join(' / ')
}

/** @throws Error naming the formats nobody drives, and the drivers of none. */
export function requireDrivers(protocol: string, { formats }: FormatList, drivers: Readonly<Record<string, unknown>>): void {
  const ids = new Set(formats.map(({ id }) => id))
  const missing = [...ids].filter((id) => !Object.hasOwn(drivers, id))
  const idle = Object.keys(drivers).filter((id) => !ids.has(id))
  if (missing.length + idle.length > 0)
    throw new Error(
      `${protocol}: formats without a driver: ${missing.join(', ') || 'none'}; drivers without a format: ${idle.join(', ') || 'none'}`,
    )
}
