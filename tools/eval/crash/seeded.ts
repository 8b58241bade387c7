/** Whole numbers from 0 to below `max`, the same ones for the same seed (mulberry32). For moments of kills, never for secrets. */
export type Random = (max: number) => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (max) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * max)
  }
}
