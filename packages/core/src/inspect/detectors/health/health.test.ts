import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { health } from './index.ts'

identifiersContract(health, found, passed)
