import { z } from 'zod'

/**
 * Classes of data. Each is kept under keys of its own, so that none opens with the key of another: `internal` without a person,
 * `pii` of a person, `phi` of a patient, `pci` of a card, `reasoning` of a model, which is kept the shortest, `quarantine` for what was stopped on its way in,
 * `approval` for arguments of acts that people were asked about.
 */
export const DATA_CLASSES = ['internal', 'pii', 'phi', 'pci', 'reasoning', 'quarantine', 'approval'] as const
export const DataClass = z.enum(DATA_CLASSES)
export type DataClass = z.infer<typeof DataClass>

/** A calendar month in UTC, `2026-11`; of reasoning a day, `2026-11-26`. */
export const Month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])(?:-\d{2})?$/, 'must be a month such as 2026-11')

/**
 * The month in which contents of a class are sealed under one key and go together, in UTC. Reasoning is kept for days, so its month
 * is one day. Those of one class sort by time.
 */
export function monthOf(name: DataClass, nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, name === 'reasoning' ? 10 : 7)
}
