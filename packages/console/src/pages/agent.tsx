import { useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { Ask } from '../ui/ask.tsx'
import { Changes } from '../ui/changes.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useMay, useSession, useVerb } from '../use-verb.ts'
import { Reach, Unused } from './reach.tsx'
import { Replay } from './replay.tsx'

type Agent = Output<'agent.list'>['agents'][number]

export function AgentPage(): ReactElement {
  const { agent: id } = useParams({ from: '/inside/agents/$agent' })
  const list = useVerb('agent.list', {}, { everyMs: 15_000 })
  return (
    <Loaded of={list}>
      {({ agents }) => {
        const agent = agents.find((one) => one.id === id)
        return agent ? <Shown agent={agent} /> : <p>There is no agent of this name.</p>
      }}
    </Loaded>
  )
}

function Shown({ agent }: { agent: Agent }): ReactElement {
  const mayLook = useMay('manifest.reach')
  return (
    <>
      <PageTitle aside={<Stop agent={agent} />}>{agent.id}</PageTitle>
      <div className="grid gap-4">
        {agent.isolated && (
          <p role="status" className="panel border-bad">
            Isolated since <Time at={agent.isolated.sinceMs} /> by {agent.isolated.by}: {agent.isolated.reason}
          </p>
        )}
        {agent.manifest && <Manifest agent={agent.id} />}
        {agent.manifest && mayLook && <Reach agent={agent.id} />}
        {agent.manifest && mayLook && <TryChange agent={agent.id} />}
        {agent.manifest && mayLook && <Unused agent={agent.id} />}
        <Part title="Keys">
          <ul>
            {agent.keys.map((key) => (
              <li key={key.id}>
                {key.id} <Badge tone={key.state === 'live' ? 'good' : 'plain'}>{key.state}</Badge> {key.task ?? 'exchange only'},
                since <Time at={key.createdMs} />
              </li>
            ))}
          </ul>
          <Link to="/audit" search={{ agent: agent.id }} className="link">
            What it did
          </Link>{' '}
          <Link to="/setup" search={{ agent: agent.id }} className="link">
            Connect a client
          </Link>
        </Part>
      </div>
    </>
  )
}

function TryChange({ agent }: { agent: string }): ReactElement {
  const shown = useVerb('manifest.show', { agent })
  return <Loaded of={shown}>{({ hash, manifest }) => <Replay key={hash} agent={agent} manifest={manifest} />}</Loaded>
}

/** The one button that stops it, and the way back. */
function Stop({ agent: { id: agent, isolated, keys } }: { agent: Agent }): ReactElement | null {
  const [isAsking, setAsking] = useState(false)
  const client = useQueryClient()
  const mayStop = useMay('isolate')
  const mayRelease = useMay('release')
  if (isolated ? !mayRelease : !mayStop) return null
  const live = keys.filter(({ state }) => state === 'live').length
  const refresh = (): void => void client.invalidateQueries()
  return (
    <>
      <button type="button" className={isolated ? 'button' : 'button-bad'} onClick={() => setAsking(true)}>
        {isolated ? 'Release' : 'Isolate now'}
      </button>
      {isAsking && isolated && (
        <Ask
          title={`Let ${agent} act again`}
          act="Release"
          onClose={() => setAsking(false)}
          onDone={refresh}
          run={(reason) => call('release', { agent, reason })}
        >
          Its old keys stay dead; give it new ones.
        </Ask>
      )}
      {isAsking && !isolated && (
        <Ask
          title={`Isolate ${agent}`}
          act="Isolate now"
          isBad
          onClose={() => setAsking(false)}
          onDone={refresh}
          run={(reason) => call('isolate', { agent, reason })}
        >
          <ul className="list-disc pl-5">
            <li>its next call is refused, on every gateway</li>
            <li>its open streams are cut</li>
            <li>{live} live keys die</li>
            <li>what waits for approval is cancelled</li>
          </ul>
          <p>It can be undone by somebody of security or an owner.</p>
        </Ask>
      )}
    </>
  )
}

function Manifest({ agent }: { agent: string }): ReactElement {
  const shown = useVerb('manifest.show', { agent })
  const diff = useVerb('manifest.diff', { agent })
  return (
    <Part title="Manifest">
      <Loaded of={shown}>
        {(manifest) => (
          <>
            <p>
              Version {manifest.version}, <span className="font-mono text-sm">{manifest.hash.slice(0, 12)}</span>, since{' '}
              <Time at={manifest.createdMs} />{' '}
              <Badge tone={manifest.signed ? 'good' : 'warn'}>{manifest.signed ? 'signed' : 'not signed'}</Badge>
            </p>
            {manifest.problem !== undefined && <p className="text-bad">The file on disk is not in force: {manifest.problem}</p>}
            <ul>
              {manifest.signatures.map(({ user, role, reason, atMs }) => (
                <li key={user}>
                  {user} as {role}, <Time at={atMs} />: {reason}
                </li>
              ))}
            </ul>
            {!manifest.signed && <Sign manifest={manifest} />}
          </>
        )}
      </Loaded>
      <Loaded of={diff}>
        {({ from, changes }) =>
          changes.length === 0 ? null : (
            <details className="mt-2">
              <summary className="cursor-pointer">
                {changes.length} changes {from === undefined ? 'against nothing' : `against version ${from}`}
              </summary>
              <Changes changes={changes} />
            </details>
          )
        }
      </Loaded>
    </Part>
  )
}

/** Signing binds a person, a role and a reason to the hash of the version that is shown, with their passkey. */
function Sign({ manifest }: { manifest: Output<'manifest.show'> }): ReactElement | null {
  const { roles, user } = useSession()
  const [role, setRole] = useState<string>()
  const client = useQueryClient()
  if (manifest.signatures.some((one) => one.user === user))
    return <p className="text-soft">You signed this version; the others have to.</p>
  const open = manifest.required.filter(
    (one) => roles.some((own) => own === one) && !manifest.signatures.some((given) => given.role === one),
  )
  if (open.length === 0)
    return <p className="text-soft">It is signed by the roles {manifest.required.join(', ')}; nothing is left for you.</p>
  const { agent, version, hash } = manifest
  return (
    <p className="mt-2 flex flex-wrap gap-2">
      {open.map((one) => (
        <button key={one} type="button" className="button-main" onClick={() => setRole(one)}>
          Sign as {one}
        </button>
      ))}
      {role !== undefined && (
        <Ask
          title={`Sign version ${version} as ${role}`}
          act="Sign with the passkey"
          onClose={() => setRole(undefined)}
          onDone={() => void client.invalidateQueries()}
          run={(reason) => call('manifest.sign', { agent, version, hash, role: role as (typeof roles)[number], reason })}
        >
          <p>
            Exactly this version, hash <span className="font-mono">{hash.slice(0, 12)}</span>. What it proposes goes into force once
            every role has signed:
          </p>
          <ul className="max-h-40 list-disc overflow-y-auto pl-5">
            {manifest.proposed.map(({ path }) => (
              <li key={path} className="font-mono text-sm wrap-anywhere">
                {path}
              </li>
            ))}
          </ul>
        </Ask>
      )}
    </p>
  )
}
