import {
  type CascadeOptions,
  type Channel,
  classify,
  type Classified,
  type Examined,
  type Inspected,
  type TrustLevel,
} from '@sallyport/core'

/** Shorter texts say nothing a classifier could judge: names, numbers, states. */
const TEXT_CHARS_MIN = 12
/** Three words, however they are parted, or letters of a script that parts none: an identifier is no instruction. */
const SENTENCE = /[\p{L}\p{N}][\s_\-./+,:]+[\p{L}\p{N}]+[\s_\-./+,:]+[\p{L}\p{N}]|\p{Lo}{4}/u

/** Judges what was read by the models, and adds what they say to the findings; a promise only where the second model is asked. */
export function classifyTexts(
  { findings, texts }: Examined,
  about: { readonly channel: Channel; readonly trust: TrustLevel },
  options: CascadeOptions,
): Inspected | Promise<Inspected> {
  const judged = texts.filter(
    ({ leaf, reading }) => leaf.text.length >= TEXT_CHARS_MIN && reading.views.some(({ text }) => SENTENCE.test(text)),
  )
  if (judged.length === 0) return findings.result()
  const add = ({ findings: found }: Classified): Inspected => {
    for (const { path, ...finding } of found) {
      const leaf = judged[Number(path)]?.leaf
      if (finding.code === 'detector_failed') findings.failed(finding.detector, leaf)
      else if (finding.code === 'unscanned') findings.unscanned(leaf)
      else if (leaf) findings.add(finding.view === 'text' ? withoutView(finding) : finding, leaf)
    }
    return findings.result()
  }
  const classified = classify({ ...about, texts: judged.map(({ reading }, index) => ({ path: String(index), reading })) }, options)
  return classified instanceof Promise ? classified.then(add) : add(classified)
}

function withoutView<F extends { readonly view?: string }>({ view: _, ...finding }: F): Omit<F, 'view'> {
  return finding
}
