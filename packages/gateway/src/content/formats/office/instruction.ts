import type { Collector } from '../../collect-text.ts'

/** An instruction of a field: what it links to, loads or starts. @see ECMA-376, part 1, section 17.16. */
export function readInstruction(instruction: string, out: Collector): void {
  const kind = /^\s{0,64}([A-Za-z]{1,32})/.exec(instruction)?.[1]?.toUpperCase() ?? ''
  for (const [address] of instruction.matchAll(/(?:https?|file|ftp):[^\s"<>]{1,2048}/gi)) out.link(address)
  if (kind === 'DDE' || kind === 'DDEAUTO') out.trouble('launch_action')
  else if (/^INCLUDE|^LINK$|^IMPORT|^RD$/.test(kind)) out.trouble('external_link')
  if (kind === 'DDE' || kind === 'DDEAUTO' || kind === 'QUOTE' || kind === 'SET' || kind === 'COMMENTS')
    out.hide('script', `${instruction}\n`)
}

/** A formula of a sheet: what it fetches or starts. The rest is arithmetic, whose result is in its cell. */
export function readFormula(formula: string, out: Collector): void {
  if (/\|\s{0,8}'/.test(formula) || /\b(?:DDE|CALL|EXEC|REGISTER)\s{0,8}\(/i.test(formula)) out.trouble('launch_action')
  else if (/\b(?:WEBSERVICE|IMAGE|RTD|IMPORT[A-Z]{3,8})\s{0,8}\(/i.test(formula)) out.trouble('external_link')
  else if (!/\bHYPERLINK\s{0,8}\(/i.test(formula)) return
  for (const [address] of formula.matchAll(/(?:https?|file|ftp):[^\s"<>]{1,2048}/gi)) out.link(address)
}
