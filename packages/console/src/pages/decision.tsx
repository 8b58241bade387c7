import type { Entry } from '@sallyport/core'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { AgentText, LaidOut, Untrusted } from '../ui/agent-text.tsx'
import { Part } from '../ui/part.tsx'
import { SessionLink } from '../ui/session-link.tsx'
import { Badge, EffectBadge, Loaded, PageTitle } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { actionName, actorOf, effectOf, reasonOf, wordsOf } from '../ui/words.ts'
import { useVerb } from '../use-verb.ts'
import { Evidence } from './evidence.tsx'
import { Lineage } from './lineage.tsx'

type Decision = Extract<Entry, { type: 'decision' | 'evaluation' }>

/** Why something was decided as it was: who wanted what, which rules said what, where the values came from, what came of it. */
export function DecisionPage(): ReactElement {
  const { entry } = useParams({ from: '/inside/decisions/$entry' })
  const read = useVerb('audit.read', { index: Number(entry), purpose: 'explain' })
  return (
    <Loaded of={read}>
      {({ entry: found, state, related }) => {
        const decision = [found, ...related].find((one): one is Decision => one.type === 'decision' || one.type === 'evaluation')
        const after = [found, ...related].filter((one) => one.type === 'outcome' || one.type === 'unknown')
        return (
          <>
            <PageTitle aside={<Badge>{state}</Badge>}>Entry {found.index}</PageTitle>
            <div className="grid max-w-4xl gap-4">
              {decision ? <Explained decision={decision} after={after} /> : <Plain entry={found} />}
              <Proof index={found.index} />
            </div>
          </>
        )
      }}
    </Loaded>
  )
}

function Explained({ decision, after }: { decision: Decision; after: readonly Entry[] }): ReactElement {
  const { onBehalfOf, versions } = decision
  const approval = decision.type === 'decision' ? decision.approval : undefined
  return (
    <>
      <section className="panel">
        <h2 className="text-xl font-semibold wrap-anywhere">
          <EffectBadge effect={decision.enforced} /> {actionName(decision.action)}
        </h2>
        {decision.type === 'evaluation' && <p>The agent only asked what would be decided. Nothing was done.</p>}
        <p>
          <Link to="/agents/$agent" params={{ agent: decision.actor.id }} className="link">
            {actorOf(decision)}
          </Link>{' '}
          for {onBehalfOf === 'system' ? 'nobody' : onBehalfOf.user}, task {decision.task ?? 'none'}, <Time at={decision.time} />
        </p>
        {decision.evaluated !== decision.enforced && (
          <p className="text-warn">Only observed: enforced, it would have been “{decision.evaluated}”.</p>
        )}
        <p className="text-sm">
          <Link to="/audit" search={{ session: decision.session }} className="link">
            Everything of this session
          </Link>{' '}
          <SessionLink session={decision.session} index={decision.index} />
        </p>
      </section>
      <Reasons decision={decision} />
      {approval && (
        <Part title="Approved">
          <p>
            by {approval.by.join(', ')}, who were asked in{' '}
            <Link to="/decisions/$entry" params={{ entry: String(approval.asked) }} className="link">
              entry {approval.asked}
            </Link>
          </p>
        </Part>
      )}
      <Flow decision={decision} />
      <Seen entries={[decision, ...after]} />
      {after.map((entry) => (
        <Part key={entry.index} title="What came of it">
          <p>
            <EffectBadge effect={effectOf(entry)} />{' '}
            {entry.type === 'outcome' ? `after ${Math.round(entry.durationMs)} ms` : wordsOf(entry)}
          </p>
          {entry.type === 'outcome' && <ReasonList codes={entry.reasons} />}
        </Part>
      ))}
      {decision.type === 'decision' && <Lineage index={decision.index} />}
      <Part title="Rested on">
        <p className="font-mono text-sm wrap-anywhere">
          manifest {versions.manifest?.slice(0, 12) ?? 'none'}, definition {versions.definition?.slice(0, 12) ?? 'none'}, guard{' '}
          {versions.guard?.slice(0, 12) ?? 'none'}, epoch {versions.epoch}, gateway {versions.gateway}
        </p>
      </Part>
    </>
  )
}

function ReasonList({ codes }: { codes: readonly string[] }): ReactElement {
  return (
    <ul className="grid gap-1">
      {codes.map((code) => {
        const { means, todo } = reasonOf(code)
        return (
          <li key={code}>
            {means} <span className="text-sm text-soft">({code})</span>
            {todo !== undefined && <p className="text-sm">What would change it: {todo}.</p>}
          </li>
        )
      })}
    </ul>
  )
}

function Reasons({ decision }: { decision: Decision }): ReactElement {
  return (
    <Part title="Why">
      <ReasonList codes={decision.reasons} />
      <h3 className="mt-3 text-sm font-semibold text-soft">What each rule said; the strictest counts</h3>
      <ul className="grid gap-1">
        {decision.votes.map((vote, i) => (
          <li key={i} className="flex flex-wrap items-baseline gap-2">
            <EffectBadge effect={vote.effect} /> <span>{vote.rule}</span>{' '}
            <span className="text-soft">{reasonOf(vote.reason).means}</span>
            {vote.mode === 'observe' && <Badge tone="warn">only observed</Badge>}{' '}
            {vote.detail !== undefined && <AgentText text={vote.detail} />}
          </li>
        ))}
      </ul>
    </Part>
  )
}

const LINKS = {
  certain: 'the model asked for exactly this',
  likely: 'the model asked for this tool',
  none: 'no model was seen asking for it',
}

function Flow({ decision: { flow } }: { decision: Decision }): ReactElement | null {
  if (!flow) return null
  return (
    <Part title="Where it came from">
      <p>
        The session had read content as little trusted as <strong>{flow.integrity}</strong>
        {flow.classes.length > 0 && `, with ${flow.classes.join(', ')}`}; {LINKS[flow.link]}.
      </p>
      <ul className="mt-2 grid gap-1">
        {flow.slots.map(({ path, kind, approved, origins }) => (
          <li key={path}>
            {kind} at <AgentText text={path} />: {approved && <Badge tone="good">on the approved list</Badge>}{' '}
            {origins.length === 0 && !approved && <Badge tone="bad">found nowhere</Badge>}
            {origins.map(({ origin, source, integrity, entry }, i) => (
              <span key={i} className="mr-2">
                {source ?? origin} ({integrity})
                {entry !== undefined && (
                  <>
                    {', '}
                    <Link to="/decisions/$entry" params={{ entry: String(entry) }} className="link">
                      entry {entry}
                    </Link>
                  </>
                )}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </Part>
  )
}

/** What detectors saw, and where. */
function Seen({ entries }: { entries: readonly Entry[] }): ReactElement | null {
  const findings = entries.flatMap((entry) => ('findings' in entry ? entry.findings : []))
  if (findings.length === 0) return null
  return (
    <Part title="What was seen in it">
      <ul className="grid gap-1">
        {findings.map((finding, i) => (
          <li key={i}>
            <Badge tone={finding.severity === 'high' ? 'bad' : 'warn'}>{finding.severity}</Badge> {finding.detector}: {finding.code}{' '}
            at <AgentText text={finding.path || '/'} />
          </li>
        ))}
      </ul>
      {entries.map(
        (entry) => (entry.type === 'decision' || entry.type === 'outcome') && <Evidence key={entry.index} entry={entry} />,
      )}
    </Part>
  )
}

/** An act of a person, or a request that never became an act. */
function Plain({ entry }: { entry: Entry }): ReactElement {
  const rows = entry.type === 'admin' ? Object.entries(entry.detail) : []
  return (
    <Part title={entry.type === 'admin' ? 'A person, or the gateway itself' : 'Refused before it was an act'}>
      <p>
        <EffectBadge effect={effectOf(entry)} /> {actorOf(entry)}: {wordsOf(entry)}, <Time at={entry.time} />
      </p>
      <dl className="mt-2 grid gap-1">
        {rows.map(([name, value]) => (
          <div key={name} className="grid gap-x-3 sm:grid-cols-[10rem_1fr]">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0">
              <AgentText text={String(value)} />
            </dd>
          </div>
        ))}
      </dl>
      {entry.type === 'refusal' && <Untrusted who="The caller" text={JSON.stringify(entry.claims, undefined, 2)} />}
    </Part>
  )
}

function Proof({ index }: { index: number }): ReactElement {
  const proof = useVerb('audit.prove', { index, purpose: 'proof' }, { enabled: false })
  return (
    <Part title="Proof">
      {proof.data ? <LaidOut text={proof.data.proof} /> : null}
      <button type="button" className="button mt-2" onClick={() => void proof.refetch()}>
        Prove that this is in the log
      </button>
      {proof.isError && <p role="alert">{proof.error.message}</p>}
    </Part>
  )
}
