import { expect, test } from 'vitest'
import { fromHex } from '../model/bytes.ts'
import { parseAddCheckpoint } from './add-checkpoint.ts'
import { judgeCheckpoint, WITNESS_REFUSALS } from './judge-checkpoint.ts'
import type { TreeHead } from './tree-verify.ts'

/** Requests of a Sigsum log and what they are answered with, from the tests of litewitness: log, proofs and signatures by other software. */
const ORIGIN = 'sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562'
const KEY = { name: ORIGIN, publicKey: fromHex('ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f') }
/** The made-up hashes of its leaves and nodes: 0x2a, a number, zeros. */
const hash = (n: number): string => `Kg${'AEIMQ'[n] ?? ''}${'A'.repeat(40)}=`

const body = (old: number, proof: readonly string[], checkpoint: string): string =>
  `old ${old}\n${proof.map((line) => `${line}\n`).join('')}\n${checkpoint}`
const checkpoint = (size: number, root: string, signature: string): string =>
  `${ORIGIN}\n${size}\n${root}\n\n\u2014 ${ORIGIN} ${signature}\n`
const ONE = checkpoint(1, hash(0), 'UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=')
const THREE_ROOT = 'RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0='
const THREE_SIGNATURE = 'UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go='
const THREE = checkpoint(3, THREE_ROOT, THREE_SIGNATURE)
const FORGED = checkpoint(3, THREE_ROOT, THREE_SIGNATURE.replace('6go=', '6gx='))
const FIVE = checkpoint(
  5,
  'QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=',
  'UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=',
)
const TO_FIVE = [hash(2), hash(3), 'wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=', hash(4)]

test('R117: a witness answers as another implementation does, request by request', () => {
  let latest: TreeHead | undefined
  const ask = (text: string): number | string => {
    const request = parseAddCheckpoint(text)
    if (!request) return 'malformed'
    const verdict = judgeCheckpoint(request, { keys: [KEY], ...(latest && { latest }) })
    if (verdict.ok) latest = verdict.head
    if (verdict.ok) return 200
    return verdict.size === undefined ? WITNESS_REFUSALS[verdict.reason].http : `409 ${verdict.size}`
  }
  expect(ask(body(0, [], ONE))).toBe(200)
  expect(ask(body(1, [hash(1), hash(2)], FORGED))).not.toBe(200)
  expect(ask(body(1, [], THREE))).toBe(422)
  expect(ask(body(1, [hash(1), hash(2).replace('AAA=', 'ABA=')], THREE))).toBe(422)
  expect(ask(body(1, [hash(1), hash(2)], THREE))).toBe(200)
  expect(ask(body(1, [hash(1), '+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=', hash(4)], FIVE))).toBe('409 3')
  expect(ask(body(3, TO_FIVE, FIVE))).toBe(200)
  expect(ask(body(0, [], FIVE))).toBe('409 5')
})
