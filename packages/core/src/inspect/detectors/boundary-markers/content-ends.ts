import type { Marker } from './marker.ts'

/** What only a prompt has an end of. */
const PROMPT_PARTS =
  'prompts?|system ?prompt|instructions?|user ?(?:input|query|prompt|message|request)|tool ?(?:outputs?|results?|response|call)|system(?: ?message)?|untrusted(?: ?(?:data|content|input|text))?|context|assistant(?: ?(?:response|message|turn))?|function ?(?:results?|output)|trusted(?: ?(?:data|content))?|conversation'
/** What also has an end elsewhere. */
const CONTENT =
  'documents?|data|content|file|page|article|text|e-?mail|web ?(?:site|page)|search ?results?|retrieved ?(?:text|context|documents?)|passage|excerpt|input|output|results?'

const LINES: readonly { readonly severity: Marker['severity']; readonly pattern: RegExp; readonly canBeBracketed: boolean }[] = [
  {
    severity: 'high',
    pattern: new RegExp(String.raw`(?:end|begin|start|close|new|stop)(?:[ _-](?:of|the|new)){0,2}[ _-](?:${PROMPT_PARTS})`, 'gi'),
    canBeBracketed: false,
  },
  {
    severity: 'medium',
    pattern: new RegExp(String.raw`(?:end|close|stop)(?:[ _-](?:of|the)){0,2}[ _-](?:${CONTENT}|${PROMPT_PARTS})`, 'gi'),
    canBeBracketed: true,
  },
  {
    severity: 'medium',
    pattern: /(?:end|begin|start)(?: [a-z]{1,20}){0,4} (?:instructions?|prompt|user input|ambiguity|untrusted input)/gi,
    canBeBracketed: false,
  },
]
const FRAME = /[-=*#~_%+<>[\](){}|]/
/** Fewest and most signs of a frame on each side, and most spaces inside it. */
const SIGNS_MIN = 2
const SIGNS_MAX = 40
const SPACES_MAX = 3

/** Marks that say the content ends here, so that what follows would be something else: framed lines and end tags. Linear. */
export function contentEnds(text: string): readonly Marker[] {
  return [...(/[-=*#~_%+<[({|]{2}|\[/.test(text) ? framedLines(text) : []), ...(text.includes('</') ? unopenedEnds(text) : [])]
}

/** Lines such as `--- END OF DOCUMENT ---`, with signs on both sides. */
function framedLines(text: string): readonly Marker[] {
  const markers: Marker[] = []
  for (const { severity, pattern, canBeBracketed } of LINES)
    for (const match of text.matchAll(pattern)) {
      const after = match.index + match[0].length
      const start = frameEdge(text, match.index - (text[match.index - 1] === '/' ? 2 : 1), -1)
      const end = frameEdge(text, after, 1)
      const isFramed = start.signs >= SIGNS_MIN && end.signs >= SIGNS_MIN
      const isBracketed = canBeBracketed && text[match.index - 1] === '[' && text[after] === ']'
      if (!isFramed && !isBracketed) continue
      markers.push({ kind: 'end_of_content', severity, isToken: true, start: start.edge, end: end.edge })
    }
  return markers
}

/** How many signs stand on one side of a line, and where the last of them ends. */
function frameEdge(text: string, from: number, step: 1 | -1): { readonly signs: number; readonly edge: number } {
  let at = from
  let signs = 0
  for (let spaces = 0; spaces < SPACES_MAX && (text[at] === ' ' || text[at] === '\t'); spaces++) at += step
  for (; signs < SIGNS_MAX && FRAME.test(text[at] ?? ''); signs++) at += step
  return { signs, edge: step > 0 ? at : at + 1 }
}

const WRAPPER =
  /<(\/?)(document|documents|data|context|untrusted|retrieved|search_results?|content|email|web_?page|user_input|query)>/gi

/** An end tag of a wrapper that this text did not open: it can only be meant for one around it. */
function unopenedEnds(text: string): readonly Marker[] {
  const open = new Map<string, number>()
  const ends: Marker[] = []
  for (const match of text.matchAll(WRAPPER)) {
    const name = (match[2] ?? '').toLowerCase()
    const depth = open.get(name) ?? 0
    if (match[1] === '') open.set(name, depth + 1)
    else if (depth > 0) open.set(name, depth - 1)
    else
      ends.push({
        kind: 'end_of_content',
        severity: 'medium',
        isToken: true,
        start: match.index,
        end: match.index + match[0].length,
      })
  }
  return ends
}
