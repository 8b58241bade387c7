export { openExtractor, type ContentExtractor, type ExtractOptions, type ExtractorOptions } from './extractor.ts'
export { CONTENT_LIMITS, type ContentLimits } from './limits.ts'
