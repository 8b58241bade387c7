import { CHANNELS } from '../../../model/channel.ts'
import { hostList, type HostList } from '../../../normalise/host-list.ts'
import { defineDetector, type Detector, type Sighting } from '../../define-detector.ts'
import type { Span } from '../../reading/view.ts'
import { encodedHosts } from './dns-labels.ts'
import { base64Runs, percentRuns } from './encoded-runs.ts'
import { hiddenRuns } from './hidden-runs.ts'
import { judge } from './judge.ts'
import { references } from './references.ts'

/** Most sightings of one text, the gravest first; of links without payload fewer, so that they crowd nothing out. */
const SIGHTINGS_MAX = 20
const PLAIN_LINKS_MAX = 5

export interface ExfiltrationOptions {
  /** Hosts to which anything may go: `example.com` exactly, or `*.example.com` below it; ASCII form. */
  readonly allowedHosts: readonly string[]
}

/**
 * Finds ways by which text leaves unseen: pictures and pages that are fetched when shown, links that carry something, host names
 * that do, encoded and invisible runs. Codes name the way: `markdown_image`, `html_fetch`, `css_fetch`, `dns_label`,
 * `encoded_run`, `hidden_run`, `link_with_payload`, `foreign_host`, `active_content`. Time is linear in the text.
 * @throws ZodError for a host pattern that is none.
 */
export function exfiltrationDetector({ allowedHosts }: ExfiltrationOptions): Detector {
  const allowed = hostList(allowedHosts)
  return defineDetector({
    id: 'exfiltration',
    channels: CHANNELS.filter((channel) => channel !== 'definition'),
    reads: 'every',
    detect: (text, { channel, view }) => {
      const direction = channel === 'arguments' || channel === 'output' ? 'out' : 'in'
      const worst = new Worst()
      const addresses: Span[] = []
      for (const reference of references(text)) {
        worst.add(judge(reference, allowed, direction))
        if (direction === 'out' && ABSOLUTE.test(reference.url)) addresses.push(reference)
      }
      // In other readings invisible runs are an effect of the reading, and encoded ones were read in this one.
      if (view !== 'text') return worst.sightings()
      for (const { start, end } of hiddenRuns(text))
        worst.add({ code: 'hidden_run', severity: direction === 'out' ? 'high' : 'medium', start, end })
      if (direction === 'out') for (const sighting of outwards(text, addresses, allowed)) worst.add(sighting)
      return worst.sightings()
    },
  })
}

const ABSOLUTE = /^\s{0,16}(?:(?:https?|wss?|ftp):|[/\\]{2})/i

/** Host names and runs outside the addresses, which were judged as a whole. */
function* outwards(text: string, addresses: readonly Span[], allowed: HostList): Generator<Sighting> {
  for (const { start, end } of encodedHosts(text))
    if (!allowed(text.slice(start, end).toLowerCase())) yield { code: 'dns_label', severity: 'high', start, end }
  const sorted = addresses.toSorted((a, b) => a.start - b.start)
  for (const runs of [base64Runs(text), percentRuns(text)]) {
    let next = 0
    for (const { start, end, isReadable } of runs) {
      while (next < sorted.length && (sorted[next]?.end ?? 0) <= start) next++
      if ((sorted[next]?.start ?? text.length) > start)
        yield { code: 'encoded_run', severity: isReadable ? 'medium' : 'low', start, end }
    }
  }
}

const GRAVEST_FIRST = ['high', 'medium', 'low'] as const

/** Keeps the gravest sightings of a text, however many there are. */
class Worst {
  readonly #kept: Record<Sighting['severity'], Sighting[]> = { high: [], medium: [], low: [], info: [] }

  add(sighting: Sighting | undefined): void {
    if (!sighting) return
    const kept = this.#kept[sighting.severity]
    const most = sighting.code === 'foreign_host' && sighting.severity === 'low' ? PLAIN_LINKS_MAX : SIGHTINGS_MAX
    const before = kept.at(-1)
    if (kept.length < most && !(before?.start === sighting.start && before.end === sighting.end)) kept.push(sighting)
  }
  sightings(): readonly Sighting[] {
    return GRAVEST_FIRST.flatMap((severity) => this.#kept[severity]).slice(0, SIGHTINGS_MAX)
  }
}
