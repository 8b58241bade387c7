import {
  explainConflict,
  RECORD_CLASSES,
  REGIMES,
  Regimes,
  RETENTION_CLASSES,
  retentionOf,
  type RecordClass,
  type RetentionRules,
} from '@sallyport/core'
import { z } from 'zod'

const daysMax = 36_525

const days = (record: Exclude<RecordClass, 'custody'>) =>
  z
    .int()
    .min(RECORD_CLASSES[record].daysMin)
    .max(daysMax)
    .default(RECORD_CLASSES[record].days)
    .meta({
      description: `Days to keep ${RECORD_CLASSES[record].means}; floors of classes and regimes raise it, ceilings lower it.`,
    })

const Choice = z.strictObject({
  floorOf: z.enum([...REGIMES, ...RETENTION_CLASSES]).meta({ description: 'Whose floor.' }),
  ceilingOf: z.enum(REGIMES).meta({ description: 'Whose ceiling.' }),
  keep: z.enum(['floor', 'ceiling']).meta({ description: 'Which of the two holds. A class of agents never yields.' }),
  by: z.string().min(1).max(200).meta({ description: 'The person who chose.' }),
  reason: z.string().min(3).max(1_000).meta({ description: 'Why, with the advice it rests on.' }),
})

export const RetentionConfig = z
  .strictObject({
    regimes: Regimes.default([]).meta({ description: 'Regimes that apply to every agent.' }),
    days: z
      .strictObject({
        skeleton: days('skeleton'),
        config: days('config'),
        payload: days('payload'),
        detector: days('detector'),
        reasoning: days('reasoning'),
      })
      .prefault({}),
    choices: z
      .array(Choice)
      .max(50)
      .default([])
      .meta({ description: 'What people chose where a floor is above a ceiling. Until then nothing of that class is deleted.' }),
    pruneLog: z
      .boolean()
      .default(false)
      .meta({ description: 'Prune the log by itself, hourly. Otherwise people do: `sallyport retention run`.' }),
  })
  .superRefine((retention, context) => {
    for (const problem of conflictsOf(retention)) context.addIssue({ code: 'custom', path: ['regimes'], message: problem })
  })
  .meta({ id: 'RetentionConfig', description: 'How long what is recorded is kept, and what must not be kept longer.' })
export type RetentionConfig = z.infer<typeof RetentionConfig>

/** Floors above ceilings that the deployment's own regimes bring about, for any class of agent. */
function conflictsOf(rules: RetentionRules): string[] {
  const records = Object.keys(RECORD_CLASSES) as RecordClass[]
  const conflicts = records.map((record) => retentionOf(record, { class: 'standard', regimes: [] }, rules).conflict)
  return conflicts.flatMap((conflict) => (conflict ? [`${explainConflict(conflict)} (add to choices)`] : []))
}
