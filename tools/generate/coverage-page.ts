import { INGESTION_CHANNELS } from '@sallyport/core'
import { cellsOf, formatLists } from '../eval/crossings/cells.ts'

/** Every place where text crosses the gateway, by protocol, from the lists the protocols export. */
export async function coveragePage(): Promise<string> {
  const lists = await formatLists()
  const sections = [...lists].map(([protocol, list]) => {
    const rows = list.formats.map((format) => {
      const { id, direction, stage, streaming, pairings = list.pairings } = format
      const count = cellsOf(new Map([[protocol, { ...list, formats: [format] }]])).length
      return `| \`${id}\` | ${direction} | ${stage} | ${format.channel ?? 'every source'} | ${streaming.join(', ')} | ${pairings.join(', ').replaceAll('>', '→')} | ${count} |`
    })
    const head =
      '| Format | Direction | Stage | Channel | Answer | Revisions, client→server | Cells |\n| --- | --- | --- | --- | --- | --- | --- |'
    return `## ${protocol}\n\n${cellsOf(new Map([[protocol, list]])).length} cells.\n\n${head}\n${rows.join('\n')}`
  })
  const sources = `Channels of sources: ${INGESTION_CHANNELS.join(', ')}.`
  return [sources, ...sections].join('\n\n')
}
