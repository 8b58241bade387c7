import { commit, sha256, toHex, utf8 } from '../../../model/bytes.ts'

/** Random bytes in a canary: 80 bits, so that none is guessed and none comes twice. */
export const CANARY_RANDOM_BYTES = 10
/** A canary in hexadecimal digits: the random part, a short sum, a longer one. */
const RANDOM_DIGITS = CANARY_RANDOM_BYTES * 2
const GATE_DIGITS = 3
const PROOF_DIGITS = 9
export const CANARY_DIGITS = RANDOM_DIGITS + GATE_DIGITS + PROOF_DIGITS

/**
 * A token to plant where nobody has a reason to read it: 32 hexadecimal digits, to others an identifier like any other. Whoever has
 * the key recognises it without a list, by a keyed sum over its random part; nobody else can tell it apart or make one.
 * @param random At least `CANARY_RANDOM_BYTES` bytes of a secure generator.
 * @param key The installation's own, 32 bytes, used for nothing else.
 */
export function makeCanary(random: Uint8Array, key: Uint8Array): string {
  if (random.length < CANARY_RANDOM_BYTES) throw new RangeError(`a canary needs ${CANARY_RANDOM_BYTES} random bytes`)
  const digits = toHex(random.subarray(0, CANARY_RANDOM_BYTES))
  return digits + gateOf(digits, gateKey(key)) + proofOf(digits, key)
}

/** Tells canaries of a key from other digits, in two steps. */
export interface CanaryCheck {
  /** Whether 32 digits may be one, as the units of a ring of 32 with the first at `from`: costs next to nothing and lets one in 4,096 pass. */
  readonly mayBe: (ring: Uint8Array, from: number) => boolean
  /** Whether 32 lower-case digits are one. */
  readonly is: (digits: string) => boolean
}

export function canaryCheck(key: Uint8Array): CanaryCheck {
  const gate = gateKey(key)
  return {
    mayBe: (ring, from) => {
      let sum = 0
      for (let i = 0; i < RANDOM_DIGITS; i++) sum = (sum + Math.imul(ring[(from + i) & 31] ?? 0, gate[i] ?? 0)) | 0
      let claimed = 0
      for (let i = RANDOM_DIGITS; i < RANDOM_DIGITS + GATE_DIGITS; i++) claimed = claimed * 16 + valueOf(ring[(from + i) & 31] ?? 0)
      return sum >>> (32 - 4 * GATE_DIGITS) === claimed
    },
    is: (digits) => digits.slice(RANDOM_DIGITS + GATE_DIGITS) === proofOf(digits.slice(0, RANDOM_DIGITS), key),
  }
}

/** Of the unit of a lower-case hexadecimal digit. */
function valueOf(unit: number): number {
  return unit < 58 ? unit - 48 : unit - 87
}

function proofOf(digits: string, key: Uint8Array): string {
  return commit(key, `canary ${digits}`).slice(0, PROOF_DIGITS)
}

/** Multipliers for each digit. Knowing one sum tells little, and the proof does not rest on it. */
function gateKey(key: Uint8Array): Uint32Array {
  const bytes = [
    ...sha256(Uint8Array.from([...utf8('canary gate 1'), ...key])),
    ...sha256(Uint8Array.from([...utf8('canary gate 2'), ...key])),
    ...sha256(Uint8Array.from([...utf8('canary gate 3'), ...key])),
  ]
  return Uint32Array.from(
    { length: RANDOM_DIGITS },
    (_, i) =>
      ((bytes[4 * i] ?? 0) << 24) | ((bytes[4 * i + 1] ?? 0) << 16) | ((bytes[4 * i + 2] ?? 0) << 8) | (bytes[4 * i + 3] ?? 0) | 1,
  )
}

function gateOf(digits: string, gate: Uint32Array): string {
  let sum = 0
  for (let i = 0; i < RANDOM_DIGITS; i++) sum = (sum + Math.imul(digits.charCodeAt(i), gate[i] ?? 0)) | 0
  return (sum >>> (32 - 4 * GATE_DIGITS)).toString(16).padStart(GATE_DIGITS, '0')
}
