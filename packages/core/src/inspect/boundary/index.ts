/** Third-party text on its way into a model's context: marks escaped, text wrapped, words marked. */
export { BOUNDARY_NAME } from './forged.ts'
export { DATAMARK, datamark, undatamark } from './datamark.ts'
export { neutraliseMarkers } from './neutralise-markers.ts'
export { BOUNDARY_NOTE, NONCE_CHARS_MIN, wrapUntrusted, type Boundary } from './wrap-untrusted.ts'
