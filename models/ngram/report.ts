import type { NgramModel } from '../../packages/core/src/inspect/classify/ngram-model.ts'
import type { Row } from '../corpus/rows.ts'
import { highest } from './highest.ts'

/** Prints, for the development rows by source and channel, how many reach 0.5, 0.7 and 0.9. */
export function report(model: NgramModel, rows: readonly Row[]): void {
  const groups = new Map<string, number[]>()
  const put = (key: string, score: number): void => void (groups.get(key)?.push(score) ?? groups.set(key, [score]))
  for (const { text, channel, label, source, kind } of rows) {
    const { score } = highest(model, text, channel)
    const what = label === 1 ? 'attack' : 'benign'
    put(`${what} ${channel === 'user' ? 'user' : 'content'} ALL`, score)
    put(`${what} ${channel} ${source}`, score)
    if (label === 1 && source === 'own_attacks') put(`${what} ${channel === 'user' ? 'user' : 'content'} family ${kind}`, score)
  }
  for (const [key, scores] of [...groups].toSorted(byName)) {
    const share = (least: number): string =>
      `${((100 * scores.filter((score) => score >= least).length) / scores.length).toFixed(1)} %`.padStart(8)
    process.stdout.write(`${key.padEnd(44)} ${String(scores.length).padStart(5)} ${share(0.5)} ${share(0.7)} ${share(0.9)}\n`)
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
