import type { Random } from '../crash/seeded.ts'
import { CAPITALS, grouped, padded, pick, some } from './make-text.ts'
import type { NumberSource } from './valid-numbers.ts'

/** Kinds without a check digit, only with ranges; a random number in range cannot be told from one that was given to somebody. */
export const RANGED: Readonly<Record<string, NumberSource>> = {
  us_ssn: {
    labels: ['SSN', 'social security number', 'ssn'],
    make: (random) => {
      const area = 1 + random(665)
      const number = padded(area, 3) + padded(1 + random(99), 2) + padded(1 + random(9999), 4)
      return pick(random, [number, grouped(number, [3, 2, 4], '-'), grouped(number, [3, 2, 4], ' ')])
    },
  },
  us_itin: {
    labels: ['ITIN', 'taxpayer ID', 'itin'],
    make: (random) => grouped(`9${some(random, 2)}7${some(random, 5)}`, [3, 2, 4], '-'),
  },
  uk_nino: {
    labels: ['NI number', 'national insurance number', 'nino'],
    make: (random) => {
      const number = `${pick<string>(random, 'ABCEHJ')}${pick<string>(random, 'ABCEHJ')}${some(random, 6)}${pick<string>(random, 'ABCD')}`
      return pick(random, [number, grouped(number, [2, 2, 2, 2, 1], ' ')])
    },
  },
  india_pan: {
    labels: ['PAN', 'permanent account number', 'pan'],
    make: (random) =>
      `${some(random, 3, CAPITALS)}P${some(random, 1, CAPITALS)}${padded(1 + random(9998), 4)}${some(random, 1, CAPITALS)}`,
  },
}

/** Values that the rules of the issuers exclude. */
export const OUT_OF_RANGE: Readonly<Record<string, (random: Random) => string>> = {
  us_ssn: (random) => grouped(pick(random, ['000', '666']) + some(random, 6), [3, 2, 4], '-'),
  us_itin: (random) => grouped(`9${some(random, 2)}${pick(random, ['0', '1', '2', '3', '4'])}${some(random, 5)}`, [3, 2, 4], '-'),
  uk_nino: (random) => `${pick(random, ['BG', 'GB', 'NK', 'QQ', 'DA', 'AO'])}${some(random, 6)}${pick<string>(random, 'ABCD')}`,
  india_pan: (random) =>
    `${some(random, 3, CAPITALS)}${pick<string>(random, 'DEIKMNOQRSUVWXYZ')}${some(random, 1, CAPITALS)}${some(random, 4)}${some(random, 1, CAPITALS)}`,
}
