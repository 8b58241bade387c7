import { contact } from './contact/index.ts'
import { cryptoAddress } from './crypto-address/index.ts'
import { health } from './health/index.ts'
import { hiddenText } from './hidden-text/index.ts'
import { iban } from './iban/index.ts'
import { lookalike } from './lookalike/index.ts'
import { nationalIds } from './national-ids/index.ts'
import { paymentCard } from './payment-card/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [
  hiddenText,
  lookalike,
  toolPoisoning,
  contact,
  cryptoAddress,
  health,
  iban,
  nationalIds,
  paymentCard,
] as const
