export { openExtractor } from './extractor.ts'
