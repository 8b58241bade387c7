import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { AgentText } from '../ui/agent-text.tsx'
import { Part } from '../ui/part.tsx'
import { EffectBadge, Badge, ProblemNote } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { reasonOf } from '../ui/words.ts'

type Replayed = Output<'manifest.replay'>

/** A changed manifest against what the agent did lately, before anybody saves it. JSON is YAML, so what is in force can be edited as it is. */
export function Replay({ agent, manifest }: { agent: string; manifest: unknown }): ReactElement {
  const [text, setText] = useState(() => JSON.stringify(manifest, undefined, 2))
  const [days, setDays] = useState(7)
  const [result, setResult] = useState<Replayed>()
  const { problem, isBusy, attempt } = useAttempt()
  return (
    <Part title="Try a change on what it did">
      <details>
        <summary className="cursor-pointer">
          Edit the manifest and see what it would have blocked, asked about and newly allowed; nothing is saved
        </summary>
        <label className="mt-2 grid gap-1">
          The manifest, as YAML or JSON
          <textarea
            className="field min-h-64 p-2 font-mono text-sm"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <div className="mt-2 flex flex-wrap items-end gap-2">
          <label className="grid gap-1">
            Of this many days
            <input
              type="number"
              className="field"
              min={1}
              max={365}
              value={days}
              onChange={(event) => setDays(Math.max(1, Math.min(365, Number(event.target.value) || 1)))}
            />
          </label>
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => void attempt(async () => setResult(await call('manifest.replay', { agent, text, days })))}
          >
            {isBusy ? 'Replaying…' : 'Replay'}
          </button>
        </div>
        {problem !== undefined && <ProblemNote error={problem} />}
        {result && <Changed result={result} />}
      </details>
    </Part>
  )
}

function Changed({ result: { acts, same, changes, fromMs } }: { result: Replayed }): ReactElement {
  return (
    <div className="mt-3 grid gap-2" role="status">
      <p>
        {acts} acts since <Time at={fromMs} />: {same} as they were.
      </p>
      {changes.length > 0 && (
        <Table
          name="replay"
          rows={changes}
          keyOf={(row) => JSON.stringify(row)}
          columns={[
            { title: 'Acts', text: ({ count }) => count, cell: ({ count }) => count },
            {
              title: 'Was',
              text: ({ before }) => before,
              cell: ({ before }) => <EffectBadge effect={before} />,
            },
            {
              title: 'Would be',
              text: ({ after, isCertain }) => (isCertain ? after : `${after} or stricter`),
              cell: ({ after, isCertain }) => (
                <>
                  <EffectBadge effect={after} />{' '}
                  {!isCertain && <Badge tone="warn">or stricter: arguments are not in the log</Badge>}
                </>
              ),
            },
            {
              title: 'Act',
              text: ({ task, name }) => `${task} ${name}`,
              cell: ({ task, name }) => <AgentText text={`${task}: ${name}`} />,
            },
            {
              title: 'Why',
              text: ({ reasons }) => reasons.join(' '),
              cell: ({ reasons }) => reasons.map((code) => reasonOf(code).means).join('; '),
            },
            {
              title: 'Newest',
              text: ({ last }) => last,
              cell: ({ last }) => (
                <Link to="/decisions/$entry" params={{ entry: String(last) }} className="link">
                  {last}
                </Link>
              ),
            },
          ]}
        />
      )}
    </div>
  )
}
