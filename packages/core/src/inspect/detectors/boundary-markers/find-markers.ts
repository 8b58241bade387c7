import { contentEnds } from './content-ends.ts'
import type { Marker } from './marker.ts'

interface Rule {
  /** A text without any of these cannot match; looking for them costs next to nothing. */
  readonly needs: readonly string[]
  readonly kind: Marker['kind']
  readonly severity: Marker['severity']
  readonly isToken: boolean
  readonly pattern: RegExp
}

const ROLES = 'system|developer|assistant|user|human|tool|function|model|ipython|environment'

/**
 * Every quantifier is bounded and each pattern starts with a mark that is rare in prose, so time is linear in the text.
 *
 * `control_token`: ChatML and Qwen `<|im_start|>`, Llama 3 `<|eot_id|>`, Phi `<|user|>`, harmony `<|channel|>`, DeepSeek
 * `<｜User｜>`, Gemma `<start_of_turn>`, Llama 2 and Mistral `[INST]`, `<<SYS>>`.
 */
const RULES: readonly Rule[] = [
  {
    kind: 'control_token',
    needs: ['<'],
    severity: 'high',
    isToken: true,
    pattern:
      /<[ \u200b]{0,2}[|｜¦∣][ \u200b]{0,2}(?:im_(?:start|end|sep)|(?:start|end)_(?:header_id|of_(?:text|turn|role|message|middle|thought))|begin[_▁ ]of[_▁ ](?:text|sentence)|end[_▁ ]of[_▁ ](?:text|sentence)|endoftext|endofprompt|eo[tm]_id|eot|python_tag|system|developer|assistant|user|human|tool|function|model|end|start|channel|message|return|call|constrain|tool_(?:call|calls|response|outputs?)|tool▁(?:calls?|outputs?|sep)(?:▁(?:begin|end))?|fim_(?:prefix|suffix|middle)|fim▁(?:begin|hole|end)|observation|context|diff_marker)[ \u200b]{0,2}[|｜¦∣][ \u200b]{0,2}>/giu,
  },
  { kind: 'control_token', needs: ['<'], severity: 'medium', isToken: true, pattern: /<[|｜][a-z][a-z0-9_▁]{0,40}[|｜]>/giu },
  { kind: 'control_token', needs: ['<'], severity: 'high', isToken: true, pattern: /<(?:start|end)_of_turn>/gi },
  {
    kind: 'control_token',
    needs: ['['],
    severity: 'high',
    isToken: true,
    pattern: /\[ ?\/? ?(?:INST|SYS|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS) ?\]/g,
  },
  { kind: 'control_token', needs: ['<'], severity: 'high', isToken: true, pattern: /<< ?\/?SYS ?>>/gi },
  { kind: 'sequence_token', needs: ['<'], severity: 'info', isToken: true, pattern: /<\/?(?:s|bos|eos|pad|unk|mask)>/g },
  {
    kind: 'role_tag',
    needs: ['<'],
    severity: 'medium',
    isToken: true,
    pattern: /<\/?(?:system|system[-_ ]?(?:prompt|message|reminder|instructions?|note)|assistant|developer)(?: [^<>]{0,80})?>/gi,
  },
  {
    kind: 'role_tag',
    needs: ['<'],
    severity: 'low',
    isToken: true,
    pattern:
      /<\/?(?:user|human|user[-_]?(?:query|message|input|prompt)|admin|instructions?|important|critical|secret|hidden|override)(?: [^<>]{0,80})?>/gi,
  },
  {
    kind: 'role_tag',
    needs: ['['],
    severity: 'medium',
    isToken: true,
    pattern:
      /\[{1,2} ?\/?(?:SYSTEM(?: (?:PROMPT|MESSAGE|NOTE|NOTICE|INSTRUCTIONS?|OVERRIDE))?|[Ss]ystem (?:[Pp]rompt|[Mm]essage|[Nn]ote|[Nn]otice|[Ii]nstructions?|[Oo]verride)) ?:?[^[\]\n]{0,40}\]{1,2}/g,
  },
  {
    kind: 'tool_block',
    needs: ['<'],
    severity: 'medium',
    isToken: true,
    pattern:
      /<\/?(?:antml:)?(?:tool_(?:calls?|response|responses|result|results|use|output|outputs|code)|function_?(?:calls?|results?|response|output)|function=[a-z_][a-z0-9_.-]{0,63}|fnr|invoke)(?: [^<>]{0,120})?>/gi,
  },
  {
    kind: 'section_header',
    needs: ['##'],
    severity: 'medium',
    isToken: true,
    pattern:
      /(?<![^\n])[ \t]{0,3}#{2,6} ?(?:SYSTEM|ASSISTANT|USER|HUMAN|DEVELOPER)\b(?=[ \t]{0,4}(?::|\n|$| (?:PROMPT|MESSAGE|INSTRUCTIONS?|OVERRIDE|NOTE)))/g,
  },
  {
    kind: 'section_header',
    needs: ['##'],
    severity: 'medium',
    isToken: true,
    pattern:
      /(?<![^\n])[ \t]{0,3}#{2,6} ?(?:system|assistant|user|human|developer|instruction|response|input|new instructions?)(?: (?:prompt|message|instructions?|override))?[ \t]{0,4}:/gi,
  },
  {
    kind: 'turn_header',
    needs: ['\n\n'],
    severity: 'low',
    isToken: true,
    pattern: /(?<=\n\n)[ \t]{0,3}(?:Human|Assistant|System|H|A):(?=[ \n])/g,
  },
  {
    kind: 'role_member',
    needs: ['role'],
    severity: 'low',
    isToken: false,
    pattern: new RegExp(String.raw`["']role["'][ \t]{0,4}:[ \t]{0,4}["'](?:${ROLES})["']`, 'gi'),
  },
  {
    kind: 'end_of_content',
    needs: ['END', 'BEGIN', 'START', 'CLOSE'],
    severity: 'medium',
    isToken: true,
    pattern:
      /(?<![^\n])[ \t]{0,3}(?:END|BEGIN|START|CLOSE)(?: OF)?(?: THE)?(?: [A-Z]{1,20}){0,2} (?:PROMPT|INSTRUCTIONS|USER INPUT|TOOL OUTPUT|UNTRUSTED INPUT|SYSTEM MESSAGE)[ \t]{0,3}(?=[:.\n]|$)/g,
  },
]

/**
 * Marks that format a prompt, in the order of the text and without overlaps. Linear in the text.
 * Sources: the chat templates that the models named above publish with their tokenizers.
 */
export function findMarkers(text: string): readonly Marker[] {
  const found: Marker[] = []
  for (const { kind, severity, isToken, pattern, needs } of RULES) {
    if (!needs.some((need) => text.includes(need))) continue
    for (const match of text.matchAll(pattern))
      found.push({ kind, severity, isToken, start: match.index, end: match.index + match[0].length })
  }
  for (const end of contentEnds(text)) found.push(end)
  if (found.length === 0) return []
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const markers: Marker[] = []
  let end = 0
  for (const marker of found) {
    if (marker.start < end) continue
    markers.push(marker)
    end = marker.end
  }
  return markers
}
