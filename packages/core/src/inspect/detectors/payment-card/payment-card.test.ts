import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { paymentCard } from './index.ts'

identifiersContract(paymentCard, found, passed)
