import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { table, time } from '../../table.ts'

type Shown = z.output<(typeof VERBS)['approval.show']['output']>

/** What an approver reads, a line a fact. */
export function requestLines({ request, view, shown: hash }: Shown): readonly string[] {
  return [
    view.line,
    '',
    `agent        ${view.agent}, for ${view.onBehalfOf}${view.task === '' ? '' : `, task ${view.task}`}`,
    `act          ${view.server}.${view.name}: ${view.scope}, tier ${view.tier}; ${view.reversibility}`,
    ...view.arguments.flatMap(({ path, value, was, from }) => [
      `argument     ${path} = ${value}`,
      ...(was === undefined ? [] : [`  was        ${was}`]),
      ...(from.length === 0 ? [] : [`  from       ${from.join(', ')}`]),
    ]),
    ...(view.isWhole ? [] : ['! not everything is shown: it takes two people, and looking elsewhere']),
    ...view.why.map(({ reason, means, detail }) => `why          ${reason}: ${means}${detail === undefined ? '' : ` (${detail})`}`),
    ...(view.leaving ? [`data         ${view.leaving.classes.join(', ')} → ${view.leaving.to}`] : []),
    `on rejection ${view.onReject}`,
    `until        ${time(request.expiresMs)}; ${request.state}, ${request.votes.length} of ${request.people} have decided`,
    ...(request.whyNot === undefined ? [] : [`you          may not decide: ${request.whyNot}`]),
    `shown        ${hash}`,
  ]
}

type Vigilance = z.output<(typeof VERBS)['approval.vigilance']['output']>

/** How people decide, all together and each. */
export function vigilanceLines({ people, ...all }: Vigilance): readonly string[] {
  const { asked, approved, rejected, expired, cancelled, pending, approvedShare, decidedP50Ms, decidedP95Ms } = all
  return [
    `${asked} asked: ${approved} approved, ${rejected} rejected, ${expired} lapsed, ${cancelled} cancelled, ${pending} waiting`,
    ...(approvedShare === undefined ? [] : [`of what people decided, ${percent(approvedShare)} was approved`]),
    ...(decidedP50Ms === undefined || decidedP95Ms === undefined
      ? []
      : [`decided after ${seconds(decidedP50Ms)} (median), ${seconds(decidedP95Ms)} (95th percentile)`]),
    ...(people.length === 0 ? [] : ['']),
    ...(people.length === 0
      ? []
      : [
          table(
            ['PERSON', 'DECIDED', 'APPROVED', 'LOOKED FOR', 'TESTS MISSED', ''],
            people.map((one) => [
              one.user,
              String(one.decided),
              String(one.approved),
              one.lookP50Ms === undefined ? 'not known' : seconds(one.lookP50Ms),
              `${one.testsMissed} of ${one.tests}`,
              one.isRubberStamp ? 'approves without looking' : '',
            ]),
          ),
        ]),
  ]
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
