import { skeleton } from '../../../normalise/skeleton.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { isTypo, isVariant } from './variants.ts'

/** Longest name looked at, in UTF-16 units; definitions with longer ones are not valid. */
const NAME_CHARS_MAX = 256

/**
 * Finds tool names that can be taken for another tool's: look-alike characters, mixed scripts, added separators, swapped or doubled
 * letters, and words such as "v2" or "secure" around another's name.
 */
export const lookalike = defineDetector({
  id: 'lookalike',
  channels: ['definition'],
  reads: 'original',
  detect: (text, { path, otherTools }) => {
    if ((path !== '/name' && path !== '/title') || text.length > NAME_CHARS_MAX || text === path.slice(1)) return []
    const whole = { start: 0, end: text.length }
    const sightings: Sighting[] = []
    if (path === '/name' && hasMixedScripts(text)) sightings.push({ code: 'mixed_scripts', severity: 'high', ...whole })
    const look = skeleton(text)
    if (path === '/name' && otherTools.some((other) => other !== text && skeleton(other) === look)) {
      sightings.push({ code: 'lookalike_name', severity: 'high', ...whole })
    } else if (path === '/name' && otherTools.some((other) => isTypo(look, skeleton(other)))) {
      sightings.push({ code: 'misspelled_name', severity: 'high', ...whole })
    } else if (path === '/name' && otherTools.some((other) => isVariant(text, other))) {
      sightings.push({ code: 'variant_name', severity: 'medium', ...whole })
    }
    if (path === '/title' && otherTools.some((other) => skeleton(other) === look)) {
      sightings.push({ code: 'lookalike_title', severity: 'medium', ...whole })
    }
    return sightings
  },
})

/** Latin together with a script that imitates it. */
function hasMixedScripts(text: string): boolean {
  return /\p{Script=Latin}/u.test(text) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(text)
}
