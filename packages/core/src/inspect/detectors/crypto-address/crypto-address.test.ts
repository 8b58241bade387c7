import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { cryptoAddress } from './index.ts'

identifiersContract(cryptoAddress, found, passed)
