import type { Scope } from '@sallyport/core'
import { useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { AgentText } from '../ui/agent-text.tsx'
import { Changes } from '../ui/changes.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle, ProblemNote } from '../ui/states.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useMay, useVerb } from '../use-verb.ts'

/** What a tool may do. Values of `core` that come with a schema stay out of the pages: the policy forbids what zod tries first. */
const SCOPES: Readonly<Record<Scope, string>> = {
  read: 'changes nothing',
  write: 'changes something that can be changed back',
  send: 'sends something out',
  delete: 'deletes something',
  transact: 'moves money or makes a contract',
}

/** What a server says a tool is, against what was reviewed; and the review. */
export function ToolPage(): ReactElement {
  const { server, tool } = useParams({ from: '/inside/tools/$server/$tool' })
  const diff = useVerb('tools.diff', { server, tool })
  const mayReview = useMay('tools.approve')
  return (
    <>
      <PageTitle>
        <AgentText text={`${server}.${tool}`} />
      </PageTitle>
      <Loaded of={diff}>
        {(data) => (
          <div className="grid max-w-4xl gap-4">
            <Part title="Where it stands">
              <p>
                <Badge tone={data.state === 'approved' ? 'good' : 'bad'}>{data.state}</Badge>{' '}
                {data.detail !== undefined && <AgentText text={data.detail} />}
              </p>
              <ul>
                {data.warnings.map(({ code, severity, path }, i) => (
                  <li key={i}>
                    <Badge tone="bad">{severity}</Badge> {code} at <AgentText text={path} />
                  </li>
                ))}
              </ul>
            </Part>
            <Part
              title={
                data.reviewedHash === undefined ? 'What the server says; nobody has reviewed it' : 'What changed since the review'
              }
            >
              {data.changes.length === 0 ? <p className="text-soft">Nothing.</p> : <Changes changes={data.changes} />}
            </Part>
            {mayReview && data.state !== 'approved' && <Review tool={data} />}
          </div>
        )}
      </Loaded>
    </>
  )
}

function Review({ tool: { server, tool, hash, warnings } }: { tool: Output<'tools.diff'> }): ReactElement {
  const client = useQueryClient()
  const [effect, setEffect] = useState<Scope>()
  const [despiteWarnings, setDespite] = useState(false)
  const { problem, attempt } = useAttempt()
  const approve = (): Promise<void> =>
    attempt(async () => {
      if (!effect) return
      await call('tools.approve', { server, tool, hash, effect, despiteWarnings })
      await client.invalidateQueries()
    })
  return (
    <Part title="Review">
      <fieldset className="grid gap-1">
        <legend>What it really does, whatever it says of itself</legend>
        {(Object.entries(SCOPES) as [Scope, string][]).map(([one, what]) => (
          <label key={one} className="flex min-h-8 items-center gap-2">
            <input type="radio" name="effect" className="size-5" checked={effect === one} onChange={() => setEffect(one)} />
            <span>
              {one} <span className="text-sm text-soft">{what}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {warnings.length > 0 && (
        <label className="flex min-h-8 items-center gap-2 text-bad">
          <input
            type="checkbox"
            className="size-5"
            checked={despiteWarnings}
            onChange={(event) => setDespite(event.target.checked)}
          />{' '}
          I read it, and it is harmless despite the warnings
        </label>
      )}
      {problem !== undefined && <ProblemNote error={problem} />}
      <button type="button" className="button-main mt-2" disabled={!effect} onClick={() => void approve()}>
        Approve exactly this definition
      </button>
    </Part>
  )
}
