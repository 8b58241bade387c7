/** A piece of a stream for a classifier, as it came. */
export interface StreamWindow {
  readonly text: string
  /** Where it begins in the stream, in UTF-16 units. */
  readonly start: number
}

/** Cuts a stream into windows of `windowChars`, each beginning with the second half of the one before; without it into none. */
export function openWindows(windowChars: number | undefined): {
  /** The windows that became full; at the end, what no window has shown yet. */
  push(chunk: string, isEnd: boolean): readonly StreamWindow[]
} {
  const half = Math.ceil((windowChars ?? 0) / 2)
  let text = ''
  let start = 0
  let isShown = false
  return {
    push(chunk, isEnd) {
      if (half === 0) return []
      const ripe: StreamWindow[] = []
      text += chunk
      let at = 0
      while (text.length - at >= 2 * half) {
        ripe.push({ text: text.slice(at, at + 2 * half), start: start + at })
        at += half
        isShown = true
      }
      text = text.slice(at)
      start += at
      if (isEnd && text.length > (isShown ? half : 0)) ripe.push({ text, start })
      return ripe
    },
  }
}
