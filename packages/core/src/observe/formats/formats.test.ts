import { formatContract } from '../formats.contract.ts'
import { formats } from './index.ts'

for (const format of formats) formatContract(format)
