import { detectorContract } from '../detectors.contract.ts'
import { detectors } from './index.ts'

for (const detector of detectors) detectorContract(detector)
