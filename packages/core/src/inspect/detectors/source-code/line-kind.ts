/** What a line is: code, blank, or something else; `marks` are the kinds of structure in it, a bit each. */
export interface LineKind {
  readonly kind: 'code' | 'blank' | 'other'
  readonly marks: number
  /** Lines it counts for: a long line of code that was made small counts for many. */
  readonly weight: number
}

/** Marks of structure. Every pattern is anchored or a single class with few units, so that a line costs a small constant. */
const MARKS: readonly RegExp[] = [
  // Declares.
  /^\s{0,80}(?:export |public |private |protected |internal |static |async |abstract |final |pub(?:\(crate\))? |override |default ){0,4}(?:function\*?|def|class|interface|fn|func|struct|enum|impl|trait|module|namespace|package|record|sub|proc|type) [A-Za-z_$(]/,
  /^\s{0,80}(?:export )?(?:const|let|var|val|final|auto|my|local|static|mut) [A-Za-z_$@%{[(]/,
  // Brings in.
  /^\s{0,20}(?:import [\w{*'"($]|from [\w.]{1,80} import |#include\s{0,3}[<"]|using [A-Z][\w.]{1,80};|require(?:_once)?[ (]['"]|use [\w:\\]{2,80}[;:]|package [\w.]{1,80};?$)/,
  // Branches and repeats.
  /^\s{0,80}(?:\} ?)?(?:if|else if|elif|for|foreach|while|switch|catch|except|match|unless|until|when)\b.{0,400}(?:\{|:|\bthen|\bdo)\s{0,4}$|^\s{0,80}(?:if|for|while|switch) ?\(.{1,400}\)/,
  /^\s{0,80}(?:\} ?)?(?:else|try|finally|do|begin|loop|default)\s{0,4}[:{]?\s{0,4}$|^\s{0,80}case .{1,200}:\s{0,4}$/,
  // Leaves.
  /^\s{0,80}(?:return|throw|raise|yield|break|continue|goto)(?:;|$|[ (][\w$('"[{!-])/,
  // Assigns.
  /^\s{0,80}[A-Za-z_$@][\w$.[\]'"]{0,80}(?:\s?:\s?[A-Z][\w<>[\], |]{0,60})?\s{0,3}(?:=|:=|\+=|-=|\|\|=|<-)\s{0,3}[^=\s]/,
  // Calls, and ends a statement.
  /\)\s{0,3}[;{:,]\s{0,4}$|^\s{0,80}[\w$.]{1,80}\(.{0,300}\)\s{0,4}$/,
  /[\w)\]}'"]\s?;\s{0,4}$/,
  // Nests: a line that is only brackets, or ends in one that opens.
  /^\s{0,80}(?:\}|\)|\]|end|fi|done|esac)[)\]};,]{0,4}\s{0,4}$/,
  /[\w)=>,]\s?\{\s{0,4}$/,
  // Arrows, types, conditions, comments of code.
  /=>|->|::|&&|\|\||===|!==|!=|\?\.|<[A-Z]\w{0,30}>/,
  // Asks a database.
  /^\s{0,40}(?:SELECT .{1,400}|FROM \w|WHERE \w.{0,200}[=<>]|(?:LEFT|INNER|RIGHT) JOIN|INSERT INTO|UPDATE \w{1,60} SET|CREATE (?:TABLE|INDEX|VIEW)|ALTER TABLE|GROUP BY|ORDER BY)/,
]
/** Lines of data, logs, lists, headings and quotations, whatever they contain. */
const DATA =
  /^\s{0,80}(?:["'][^"']{0,200}["']\s?:|[-*•>|#] |\d{1,3}[.)] |[\d-]{8,10}[T ]\d\d:|\[?\d\d?:\d\d|[A-Z]{4,5} ?[:[]|<\/?[a-z!])/
/** Sentences: several words of small letters, and an end. */
const SENTENCE = /^[\s"'(]{0,20}[A-Z][a-z’']{0,20},?(?: [A-Za-z’'-]{1,20}[,;:]?){5,40}/
const COMMENT = /^\s{0,80}(?:\/\/|\/\*|\*\/|\* |# ?[a-z]|--\s)/

/** Without one of these a line has none of the marks. */
const SIGNS = /[(){}[\];=<>]|:\s{0,4}$/
const WORDS =
  /^\s{0,80}(?:end|else|try|finally|do|begin|loop|default|fi|done|esac|return|throw|raise|yield|break|continue|goto|import|from|use|using|package|require|require_once|(?:export )?(?:const|let|var|val|final|auto|my|local|static|mut|class|interface|struct|enum|module|namespace|sub|type|def|if|for|while|until|unless|when|public|private)|SELECT|FROM|WHERE|LEFT|INNER|RIGHT|INSERT|UPDATE|CREATE|ALTER|GROUP|ORDER)\b/

function isBlank(line: string): boolean {
  return line.length < 80 && line.trim() === ''
}

/** Units of a line above which it may be code that was made small, and units of it for each line it counts for. */
const SMALL_UNITS_MIN = 300
const SMALL_UNITS_PER_LINE = 80

export function lineKind(line: string): LineKind {
  if (!SIGNS.test(line) && !WORDS.test(line))
    return { kind: COMMENT.test(line) || isBlank(line) ? 'blank' : 'other', marks: 0, weight: 0 }
  if (DATA.test(line) || SENTENCE.test(line)) return { kind: 'other', marks: 0, weight: 0 }
  if (line.length >= SMALL_UNITS_MIN) return madeSmall(line)
  let marks = 0
  MARKS.forEach((mark, bit) => {
    if (mark.test(line)) marks |= 1 << bit
  })
  // Comments neither make a block nor end it.
  if (marks === 0) return { kind: COMMENT.test(line) ? 'blank' : 'other', marks, weight: 0 }
  return { kind: 'code', marks, weight: 1 }
}

/** One long line: code when signs of structure are dense in it and words of several languages' keywords occur. */
function madeSmall(line: string): LineKind {
  const signs = line.match(/[(){};=]/g)?.length ?? 0
  const keywords = new Set(
    line.match(/\b(?:function|return|var|let|const|if|for|while|this|new|typeof|else|switch|case|throw|class|null)\b/g),
  )
  const isCode = signs * 8 >= line.length && keywords.size >= 3
  // Different words are different marks; the first three bits stand for three of them.
  return isCode
    ? { kind: 'code', marks: 0b111, weight: Math.floor(line.length / SMALL_UNITS_PER_LINE) }
    : { kind: 'other', marks: 0, weight: 0 }
}
