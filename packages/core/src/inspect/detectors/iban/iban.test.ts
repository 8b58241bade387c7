import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { iban } from './index.ts'

identifiersContract(iban, found, passed)
