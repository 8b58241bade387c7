import { type ReactElement, useState } from 'react'
import { LaidOut } from './agent-text.tsx'

/** Text to take away with one press, shown as it is. */
export function Copyable({ name, text }: { name: string; text: string }): ReactElement {
  const [copied, setCopied] = useState<string>()
  return (
    <div className="grid gap-2">
      <LaidOut text={text} />
      <p className="flex items-center gap-2">
        {/* Browsers have no clipboard for pages that came without TLS from elsewhere. */}
        {'clipboard' in navigator && (
          <button
            type="button"
            className="button"
            onClick={() =>
              void navigator.clipboard.writeText(text).then(
                () => setCopied(text),
                () => setCopied(undefined),
              )
            }
          >
            Copy {name}
          </button>
        )}
        <span role="status">{copied === text && 'Copied.'}</span>
      </p>
    </div>
  )
}
