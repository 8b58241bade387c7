import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { time } from '../../table.ts'

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
