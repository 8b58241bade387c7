import type { ReactElement } from 'react'
import { AgentText } from './agent-text.tsx'

/** Differences between two JSON values. Foreign text in them is shown as it is, and does nothing. */
export function Changes({
  changes,
}: {
  changes: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]
}): ReactElement {
  return (
    <dl className="mt-2 grid gap-2">
      {changes.map(({ path, before, after }) => (
        <div key={path} className="border-l-4 border-line pl-3">
          <dt>
            <AgentText text={path || '/'} />
          </dt>
          {before !== undefined && (
            <dd className="text-bad">
              <span className="text-sm">before</span> <AgentText text={textOf(before)} block />
            </dd>
          )}
          {after !== undefined && (
            <dd className="text-good">
              <span className="text-sm">{before === undefined ? 'new' : 'after'}</span> <AgentText text={textOf(after)} block />
            </dd>
          )}
        </div>
      ))}
    </dl>
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
}
