import { shownText } from '@sallyport/core'
import type { ReactElement } from 'react'

/** Text of agents, servers and strangers: never markup, never a link, and what hides or moves text shows as an escape. */
export function AgentText({ text, block = false }: { text: string; block?: boolean }): ReactElement {
  return <ShownText text={shownText(text)} block={block} />
}

/** Text that this console or the gateway laid out, JSON for instance: its line breaks are theirs, whatever stands in a line is shown as above. */
export function LaidOut({ text }: { text: string }): ReactElement {
  return <ShownText text={text.split('\n').map(shownText).join('\n')} block />
}

/** Text that the gateway has made safe to look at: the very words whose hash is in the record. */
export function ShownText({ text: shown, block = false }: { text: string; block?: boolean }): ReactElement {
  if (block)
    return <pre className="overflow-auto rounded-md bg-sunk p-2 font-mono text-sm wrap-anywhere whitespace-pre-wrap">{shown}</pre>
  return <span className="font-mono text-sm wrap-anywhere">{shown}</span>
}

/** The same where somebody else than the gateway says something to the person: it may lie. */
export function Untrusted({ text, who }: { text: string; who: string }): ReactElement {
  return (
    <figure className="border-l-4 border-warn pl-3">
      <figcaption className="text-sm text-warn">{who} says, and nobody checked it:</figcaption>
      <blockquote>
        <AgentText text={text} block />
      </blockquote>
    </figure>
  )
}
