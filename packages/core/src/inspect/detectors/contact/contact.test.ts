import { identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { contact } from './index.ts'

identifiersContract(contact, found, passed)
