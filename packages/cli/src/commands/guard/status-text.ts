import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

type Status = z.output<(typeof VERBS)['guard.status']['output']>

/** The posture in words: agents by layer, what is weak and until when, then models, test and alerts. */
export function statusText(status: Status): string {
  const { hash, score, agents, unprofiled, models, retraining, labels, test, alerts } = status
  const rows = agents.map((one) => [one.agent, one.score.toFixed(2), ...one.layers.map(({ state }) => state)])
  const weak = agents.flatMap(({ agent, layers }) =>
    layers.flatMap(({ layer, why }) => why.map(({ what, reason, until }) => [agent, layer, what, reason ?? '–', until ?? '–'])),
  )
  return [
    `guard ${hash.slice(0, 12)}, score ${score.toFixed(2)}`,
    ...(rows.length > 0
      ? ['', table(['AGENT', 'SCORE', 'SEPARATION', 'SANITISATION', 'VALIDATION', 'DETECTION', 'TOOL SET'], rows)]
      : []),
    ...(weak.length > 0 ? ['', table(['AGENT', 'WEAKENED', 'BY', 'REASON', 'UNTIL'], weak)] : []),
    '',
    ...unprofiled.map(
      (server) => `QUARANTINED ${shown(server)}: nobody described this source; add servers.${shown(server)}.source`,
    ),
    `thresholds: ${Object.entries(status.thresholds)
      .map(([level, threshold]) => `${level} ${threshold}`)
      .join(', ')}`,
    `detectors: ${status.detectors.join(', ')}`,
    ...models.map(({ name, sha256, trainedOn }) => `model ${name}: trained ${trainedOn}, SHA-256 ${sha256}`),
    ...(retraining ? [`retraining: ${retraining.isOverdue ? 'OVERDUE since' : 'due'} ${time(retraining.dueMs)}`] : []),
    `labels: ${labels.missed} missed, ${labels.confirmed} confirmed, ${labels.false_alarm} false alarms; data set version ${labels.dataset}`,
    testText(test),
    ...alertLines(alerts),
  ].join('\n')
}

function testText(test: Status['test']): string {
  if (!test) return 'attack suite: never run; run: sallyport guard test'
  const { atMs, by, stopped, attacks, passed, benign, isInForce } = test
  const when = `${time(atMs)} by ${by}: ${stopped} of ${attacks} attacks stopped, ${passed} of ${benign} harmless texts passed`
  return `attack suite: ${when}${isInForce ? '' : '; OF ANOTHER GUARD than the one in force'}`
}

function alertLines(alerts: Status['alerts']): string[] {
  if (!alerts) return ['time to alert: no alert yet']
  const { medianMs, maxMs, rules } = alerts
  const counts = Object.entries(rules).map(([rule, count]) => `${count} ${shown(rule)}`)
  return [`time to alert: median ${medianMs} ms, longest ${maxMs} ms`, `newest alerts: ${counts.join(', ')}`]
}
