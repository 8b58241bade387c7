import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { nationalIds } from './index.ts'

identifiersContract(nationalIds, found, passed)
